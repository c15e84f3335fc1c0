"""Check recorded episodes: is the data complete, is it technically good, what was done?

PATH is an episode folder, an MCAP file, a rosbag2 folder, or a dataset root (all its episodes).
The answer is kept beside each episode as qa.json; nothing else is changed. Recordings of other
recorders are understood by message types, better with a mapping file (see docs/quality.md).

Exit code: 0 no episode fails, 1 an episode fails, 2 an episode cannot be read or its qa.json cannot
be written (the others are checked all the same).

Example: teleop-collect qa ~/teleop_collect --report report.html
Example: teleop-collect qa ~/bags/pick_01 --mapping ur5e.yaml
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teleop_collect.cli.output import print_json, print_table, progress
from teleop_collect.episodes.files import QA
from teleop_collect.episodes.mapping import LoadedMapping, load_mapping
from teleop_collect.episodes.root import DEFAULT_ROOT, expand, is_root
from teleop_collect.errors import (
    EXIT_BAD,
    EXIT_GOOD,
    EXIT_USAGE,
    ConfigError,
    TeleopCollectError,
    UnreadableError,
)

DATASET_SCHEMA = "teleop_collect.qa_dataset/1"

if TYPE_CHECKING:
    from teleop_collect.qa.report.dataset import Entry

    ExamineOne = Callable[[Path], Entry | TeleopCollectError]


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
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE", help="which topic is which stream, for other bags"
    )
    parser.add_argument("--checks", action="store_true", help="list all checks and their limits")
    parser.add_argument(
        "--jobs", type=int, default=None, metavar="N", help="processes (default: one a core)"
    )


def run(args: argparse.Namespace) -> int:
    """Check episodes."""
    from teleop_collect.qa.report.dataset import write_page

    if args.checks:
        return _list_checks(as_json=args.json)
    jobs = (os.cpu_count() or 1) if args.jobs is None else args.jobs
    if jobs < 1:
        raise ConfigError(f"--jobs is {args.jobs}; it must be at least 1")
    if args.report is not None and not args.report.expanduser().parent.is_dir():
        raise ConfigError(f"{args.report.parent}: no such folder; make it, or choose another")
    paths = [episode for path in args.paths for episode in expand(path)]
    mapping = None if args.mapping is None else load_mapping(args.mapping.expanduser())
    examine_one = partial(_examine_one, draw=args.report is not None, mapping=mapping)
    entries, problems = _examine_all(paths, jobs, examine_one)
    if args.report is not None and entries:
        write_page(entries, args.report, problems)
    dataset = _dataset(entries)
    unkept = [entry.unkept for entry in entries if entry.unkept]
    for root in args.paths:
        if dataset and is_root(root):
            unkept += _keep_dataset(dataset, root.expanduser())
    if args.json:
        unreadable = [str(problem) for problem in problems]
        documents = [entry.document for entry in entries]
        answer = {"episodes": documents, "unreadable": unreadable, "unkept": unkept}
        print_json({**answer, "dataset": dataset})
    else:
        _print(entries, problems, args.report)
        _print_dataset(dataset)
        for problem in unkept:
            print(f"not kept: {problem}")
    if problems or unkept:
        return EXIT_USAGE
    failed = any(entry.document["verdict"] == "fail" for entry in entries)
    return EXIT_BAD if failed else EXIT_GOOD


def _examine_all(
    paths: Sequence[Path], jobs: int, examine_one: "ExamineOne"
) -> tuple[list["Entry"], list[TeleopCollectError]]:
    entries: list[Entry] = []
    problems: list[TeleopCollectError] = []
    with progress() as bar:
        answers = _answers(paths, jobs, examine_one)
        for answer in bar.track(answers, len(paths), description="checking"):
            if isinstance(answer, TeleopCollectError):
                problems.append(answer)
            else:
                entries.append(answer)
    return entries, problems


def _answers(
    paths: Sequence[Path], jobs: int, examine_one: "ExamineOne"
) -> Iterator["Entry | TeleopCollectError"]:
    """Answers in the order of the paths."""
    if jobs == 1 or len(paths) < 2:
        yield from map(examine_one, paths)
        return
    with ProcessPoolExecutor(min(jobs, len(paths)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(examine_one, paths)


def _examine_one(
    path: Path, *, draw: bool, mapping: LoadedMapping | None
) -> "Entry | TeleopCollectError":
    from teleop_collect.qa.report.dataset import examine

    try:
        return examine(path, draw=draw, mapping=mapping)
    except (UnreadableError, ConfigError) as error:
        return type(error)(f"{path.name}: {error}" if path.name not in str(error) else str(error))
    except Exception as error:
        # Whatever one episode holds, it must not end the check of the others.
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return UnreadableError(f"{path}: the checks broke on it ({reason}); please report this")


def _keep_dataset(groups: list[dict[str, Any]], root: Path) -> list[str]:
    """Write a root's qa.json; says why where that cannot be."""
    from teleop_collect.qa.run import write_document

    try:
        write_document({"schema": DATASET_SCHEMA, "groups": groups}, root)
    except OSError as error:
        return [f"{root / QA}: cannot be written: {error.strerror}"]
    return []


def _dataset(entries: Sequence["Entry"]) -> list[dict[str, Any]]:
    """What only shows between episodes of one task and device; empty for a single one."""
    from teleop_collect.qa.dataset.checks import group_reports
    from teleop_collect.qa.dataset.digest import from_document
    from teleop_collect.qa.dataset.registry import DATASET_CHECKS

    digests = [d for entry in entries if (d := from_document(entry.document)) is not None]
    groups = group_reports(digests, DATASET_CHECKS) if len(digests) > 1 else []
    return [group.as_document() for group in groups]


def _print_dataset(groups: Sequence[dict[str, Any]]) -> None:
    for group in groups:
        title = f"{group['task']} with {group['device']}, {len(group['episodes'])} episodes"
        rows = [(f["check"], f["episode_id"] or "all", f["message"]) for f in group["findings"]]
        if rows:
            print_table(title, ("check", "episode", "information"), rows)


def _list_checks(*, as_json: bool) -> int:
    from teleop_collect.qa.dataset.registry import DATASET_CHECKS
    from teleop_collect.qa.registry import CHECKS

    checks = (*CHECKS, *DATASET_CHECKS)
    if as_json:
        print_json([check.as_document() for check in checks])
        return EXIT_GOOD
    rows: list[tuple[object, ...]] = []
    for check in checks:
        limits = [f"{x.severity}: {x.what} {x.value:g} {x.unit}" for x in check.limits] or [""]
        rows.append((check.layer, check.name, check.version, limits[0], check.source))
        rows += [("", "", "", limit, "") for limit in limits[1:]]
    print_table(f"{len(checks)} checks", ("layer", "check", "version", "limit", "source"), rows)
    return EXIT_GOOD


def _print(
    entries: Sequence["Entry"], problems: Sequence[TeleopCollectError], report: Path | None
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
    if report is not None and entries:
        print(f"report: {report}")
