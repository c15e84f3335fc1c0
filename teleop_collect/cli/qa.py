"""Check recorded episodes: is the data complete, is it technically good, what was done?

PATH is an episode folder, an MCAP file, a rosbag2 folder, or a dataset root (all its episodes).
The answer is kept beside each episode as qa.json; nothing else is changed.

Exit code: 0 no episode fails, 1 an episode fails, 2 an episode cannot be read.

Example: teleop-collect qa ~/teleop_collect --report report.html
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from teleop_collect.cli.output import print_json, print_table, progress
from teleop_collect.episodes.root import DEFAULT_ROOT, expand
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD, EXIT_USAGE, ConfigError, UnreadableError

if TYPE_CHECKING:
    from teleop_collect.qa.report.dataset import Entry


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        default=[Path(DEFAULT_ROOT)],
        help=f"episodes or dataset roots (default: {DEFAULT_ROOT})",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write one HTML file")
    parser.add_argument("--json", action="store_true", help="print findings and measures as JSON")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")


def run(args: argparse.Namespace) -> int:
    """Check episodes."""
    from teleop_collect.qa.report.dataset import write_page

    if args.jobs < 1:
        raise ConfigError(f"--jobs is {args.jobs}; it must be at least 1")
    if args.report is not None and not args.report.expanduser().parent.is_dir():
        raise ConfigError(f"{args.report.parent}: no such folder; make it, or choose another")
    paths = [episode for path in args.paths for episode in expand(path)]
    entries, problems = _examine_all(paths, args.jobs, draw=args.report is not None)
    if args.report is not None:
        write_page(entries, args.report, problems)
    if args.json:
        unreadable = [str(problem) for problem in problems]
        print_json({"episodes": [e.document for e in entries], "unreadable": unreadable})
    else:
        _print(entries, problems, args.report)
    if problems:
        return EXIT_USAGE
    failed = any(entry.document["verdict"] == "fail" for entry in entries)
    return EXIT_BAD if failed else EXIT_GOOD


def _examine_all(
    paths: Sequence[Path], jobs: int, *, draw: bool
) -> tuple[list["Entry"], list[UnreadableError]]:
    entries: list[Entry] = []
    problems: list[UnreadableError] = []
    with progress() as bar:
        for answer in bar.track(
            _answers(paths, jobs, draw=draw), len(paths), description="checking"
        ):
            if isinstance(answer, UnreadableError):
                problems.append(answer)
            else:
                entries.append(answer)
    return entries, problems


def _answers(
    paths: Sequence[Path], jobs: int, *, draw: bool
) -> Iterator["Entry | UnreadableError"]:
    """Answers in the order of the paths."""
    examine_one = partial(_examine_one, draw=draw)
    if jobs == 1 or len(paths) < 2:
        yield from map(examine_one, paths)
        return
    with ProcessPoolExecutor(min(jobs, len(paths)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(examine_one, paths)


def _examine_one(path: Path, *, draw: bool) -> "Entry | UnreadableError":
    from teleop_collect.qa.report.dataset import examine

    try:
        return examine(path, draw=draw)
    except UnreadableError as error:
        return error


def _print(
    entries: Sequence["Entry"], problems: Sequence[UnreadableError], report: Path | None
) -> None:
    from teleop_collect.qa.report.grouping import grouped

    rows = []
    for entry in entries:
        found = grouped(f for f in entry.document["findings"] if f["severity"] != "info")
        head = (entry.document["verdict"], entry.document["episode_id"])
        texts = [f"{f['check']} {streams}: {f['message']}" for f, streams in found] or [""]
        rows += [(*head, texts[0]), *(("", "", text) for text in texts[1:])]
    print_table("Quality", ("verdict", "episode", "finding"), rows)
    for problem in problems:
        print(f"unreadable: {problem}")
    verdicts = Counter(entry.document["verdict"] for entry in entries)
    counted = ", ".join(f"{n} {verdict}" for verdict, n in sorted(verdicts.items()))
    print(f"{len(entries)} episodes checked: {counted or 'none'}; {len(problems)} unreadable")
    if report is not None:
        print(f"report: {report}")
