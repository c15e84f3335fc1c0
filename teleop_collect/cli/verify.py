"""Check an episode's integrity: structure, checksums, SHA-256 and the accounts of its manifest.

Exit code: 0 whole, 1 damaged or changed, 2 no such file or no MCAP file.

Example: teleop-collect verify ~/teleop_collect/episodes/20261120T093000Z-sim_tabletop-a1b2c3
"""

import argparse
from pathlib import Path

from teleop_collect.cli.output import print_json
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD
from teleop_collect.recording.verify import verify


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("path", type=Path, metavar="PATH", help="episode folder or MCAP file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Check one episode."""
    found = verify(args.path.expanduser())
    if args.json:
        print_json(
            {
                "path": str(found.path),
                "good": not found.problems,
                "messages": found.messages,
                "problems": list(found.problems),
            }
        )
    elif found.problems:
        print(f"{found.path}: bad")
        for problem in found.problems:
            print(f"  {problem}")
    else:
        print(f"{found.path}: good, {found.messages} messages")
    return EXIT_BAD if found.problems else EXIT_GOOD
