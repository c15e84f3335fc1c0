"""Check integrity of episodes: structure, checksums, SHA-256 and the accounts of their manifests.

Exit code: 0 all whole, 1 one is damaged or changed, 2 no such file or no MCAP file.

Example: teleop-collect verify ~/teleop_collect/episodes/20261120T093000Z-sim_tabletop-a1b2c3
"""

import argparse
from pathlib import Path

from teleop_collect.cli.output import print_json
from teleop_collect.episodes.root import expand
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD, UnreadableError
from teleop_collect.recording.verify import Verification, verify


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument(
        "paths",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="episode folder, MCAP file, or dataset root for all its episodes",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON; a list for several episodes"
    )


def run(args: argparse.Namespace) -> int:
    """Check every episode, whatever is found on the way."""
    paths = [episode for given in args.paths for episode in expand(given)]
    is_single = paths == [args.paths[0].expanduser()]
    found = [_check(path, must_read=is_single) for path in paths]
    if args.json:
        documents = [_document(each) for each in found]
        print_json(documents[0] if is_single else documents)
    else:
        for each in found:
            _print(each)
    return EXIT_BAD if any(each.problems for each in found) else EXIT_GOOD


def _check(path: Path, *, must_read: bool) -> Verification:
    """One of several that cannot be read is a finding, not the end."""
    try:
        return verify(path)
    except UnreadableError as error:
        if must_read:
            raise
        return Verification(path, 0, (str(error),))


def _document(found: Verification) -> dict[str, object]:
    return {
        "path": str(found.path),
        "good": not found.problems,
        "messages": found.messages,
        "problems": list(found.problems),
    }


def _print(found: Verification) -> None:
    if not found.problems:
        print(f"{found.path}: good, {found.messages} messages")
        return
    print(f"{found.path}: bad")
    for problem in found.problems:
        print(f"  {problem}")
