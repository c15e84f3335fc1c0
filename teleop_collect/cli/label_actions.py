"""`episodes label`, `judge`, `review` and `queue`: who says what of which episodes."""

import argparse
import re
from pathlib import Path
from typing import Any

from teleop_collect.cli.output import print_json, print_table
from teleop_collect.episodes.labels import Segment, read_labels
from teleop_collect.episodes.root import DEFAULT_ROOT, episode_folders, find_episode
from teleop_collect.episodes.rows import COLUMNS, EpisodeRow, episode_row, where
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD, EXIT_USAGE, ConfigError

OUTCOMES = {True: "success", False: "failure", None: "unlabelled"}
ANSWERS = {"success": True, "failure": False, "unknown": None}
_PSEUDONYM = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SEGMENT = re.compile(r"([^:]{1,100}):(\d+(?:\.\d*)?)-(\d+(?:\.\d*)?)(?::(success|failure))?")


def add_actions(actions: Any) -> None:
    """Add the four sub-commands."""
    _add_label(actions)
    judge = _add(actions, "judge", "label episodes by their task's predicates, from the file")
    judge.epilog = "Example: teleop-collect episodes judge --where \"task_id = 'pick_cube'\""
    _add_selection(judge)
    judge.add_argument("--tasks", type=Path, metavar="FILE", help="judge by this tasks file")
    judge.add_argument("--dry-run", action="store_true", help="say it, but keep no label")
    judge.set_defaults(run_action=run_judge)
    review = _add(actions, "review", "episodes whose operator and predicates disagree")
    review.epilog = (
        "Decide with: teleop-collect episodes label EPISODE --failure --review --operator op-2"
    )
    review.set_defaults(run_action=run_review)
    queue = _add(actions, "queue", "unlabelled episodes, the most informative first")
    queue.add_argument("--limit", type=int, default=20, help="how many (default: 20)")
    queue.set_defaults(run_action=run_queue)


def _add_label(actions: Any) -> None:
    label = _add(actions, "label", "say whether the task worked; earlier labels are kept")
    label.epilog = (
        "Examples: teleop-collect episodes label latest --failure --reason dropped\n"
        "  teleop-collect episodes label --where \"task_id = 'wave' AND person IS NULL\" "
        "--success --yes"
    )
    _add_selection(label)
    answer = label.add_mutually_exclusive_group(required=True)
    for word, text in (
        ("success", "it worked"),
        ("failure", "it did not"),
        ("unknown", "take an earlier answer back"),
        ("history", "show all labels, change nothing"),
    ):
        answer.add_argument(f"--{word}", dest="answer", action="store_const", const=word, help=text)
    label.add_argument("--reason", help="why, in words")
    label.add_argument("--notes", default="", help="free text")
    label.add_argument("--operator", default="op-unknown", help="pseudonym of who says so")
    label.add_argument("--review", action="store_true", help="a second look that decides")
    label.add_argument(
        "--segment", action="append", default=[], metavar="NAME:START-END[:success|:failure]",
        help="a stretch of the episode, s since its start; may be repeated",
    )  # fmt: skip
    label.add_argument(
        "--step", action="append", default=[], metavar="NAME=success|failure|unknown",
        help="whether a step of the task worked; may be repeated",
    )  # fmt: skip
    label.add_argument("--yes", action="store_true", help="label several without asking")
    label.set_defaults(run_action=run_label)


def run_label(args: argparse.Namespace) -> int:
    """Append a label to each chosen episode, or show what was said so far."""
    folders = _chosen(args)
    if args.answer == "history":
        return _show_history(folders, args.json)
    if not _PSEUDONYM.fullmatch(args.operator):
        raise ConfigError(f"--operator {args.operator!r}: up to 64 letters, digits, _ . -")
    segments, steps = tuple(map(_segment, args.segment)), dict(map(_step, args.step))
    for folder in folders:
        _check_fits(folder, segments, steps)
    if len(folders) > 1 and not args.yes:
        print(f"would label {len(folders)} episodes as {args.answer}; repeat with --yes")
        return EXIT_USAGE
    return _label_all(args, folders, segments, steps)


def _label_all(
    args: argparse.Namespace,
    folders: list[Path],
    segments: tuple[Segment, ...],
    steps: dict[str, bool | None],
) -> int:
    from teleop_collect.recording.labels import append_label

    for folder in folders:
        append_label(
            folder,
            ANSWERS[args.answer],
            args.operator,
            args.reason,
            by="reviewer" if args.review else "operator",
            notes=args.notes,
            segments=segments,
            steps=steps,
        )
        print(f"{folder.name}: {args.answer}")
    return EXIT_GOOD


def run_judge(args: argparse.Namespace) -> int:
    """Judge each chosen episode; exit code 1 when a person's label differs from any."""
    from teleop_collect.clock import SystemClock
    from teleop_collect.episodes.predicates.offline import judge_episode
    from teleop_collect.episodes.predicates.tasks_file import load_tasks
    from teleop_collect.episodes.reader import open_episode
    from teleop_collect.recording.labels import append_line, predicate_label

    tasks = load_tasks(args.tasks) if args.tasks else None
    rows: list[dict[str, Any]] = []
    for folder in _chosen(args):
        with open_episode(folder) as episode:
            found = judge_episode(episode, tasks)
        if found is not None and not args.dry_run:
            append_line(folder, predicate_label(found, SystemClock().utc_ns()))
        person = episode_row(folder).person
        steps = {} if found is None else {s.name: s.as_document() for s in found.steps}
        predicate = None if found is None else found.success
        agreement = None if None in (person, predicate) else person == predicate
        said = {"predicate": predicate, "person": person, "agreement": agreement}
        rows.append({"episode_id": folder.name, **said, "steps": steps})
    if args.json:
        print_json(rows)
    else:
        _print_judgements(rows)
    return EXIT_BAD if any(row["agreement"] is False for row in rows) else EXIT_GOOD


def _print_judgements(rows: list[dict[str, Any]]) -> None:
    cells = []
    for row in rows:
        steps = (f"{n} {s['reached_s']:.1f} s" for n, s in row["steps"].items() if s["success"])
        said = (OUTCOMES[row["predicate"]], OUTCOMES[row["person"]])
        cells.append((row["episode_id"], *said, ", ".join(steps)))
    columns = ("episode_id", "predicates", "person", "steps reached")
    print_table(f"{len(rows)} episodes", columns, cells)


def run_review(args: argparse.Namespace) -> int:
    """List what waits for a reviewer."""
    rows = [row for row in _all_rows(args) if row.needs_review]
    if args.json:
        print_json([vars(row) for row in rows])
        return EXIT_GOOD
    cells = [
        (row.episode_id, row.task_id, OUTCOMES[row.person], OUTCOMES[row.predicate], row.verdict)
        for row in rows
    ]
    columns = ("episode_id", "task_id", "person", "predicates", "verdict")
    print_table(f"{len(rows)} episodes to review", columns, cells)
    return EXIT_GOOD


def run_queue(args: argparse.Namespace) -> int:
    """List what is worth labelling first."""
    from teleop_collect.episodes.informative import informative

    items = informative(_all_rows(args))[: args.limit]
    rows = [
        {
            "episode_id": item.row.episode_id,
            "task_id": item.row.task_id,
            "score": round(item.score, 3),
            "diversity": round(item.diversity, 3),
            "disagreement": round(item.disagreement, 3),
            "predicates": OUTCOMES[item.row.predicate],
            "verdict": item.row.verdict,
        }
        for item in items
    ]
    if args.json:
        print_json(rows)
    else:
        columns = ("episode_id", "task_id", "score", "diversity", "disagreement", "predicates")
        cells = [tuple(row[c] for c in columns) for row in rows]
        print_table(f"{len(rows)} episodes worth a label", columns, cells)
    return EXIT_GOOD


def _add(actions: Any, name: str, summary: str) -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary, formatter_class=form
    )
    parser.epilog = f"Example: teleop-collect episodes {name} --root ~/teleop_collect"
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.add_argument(
        "--root", dest="default_root", type=Path, default=Path(DEFAULT_ROOT), metavar="DIR",
        help=f"dataset root (default: {DEFAULT_ROOT})",
    )  # fmt: skip
    return parser


def _add_selection(parser: argparse.ArgumentParser) -> None:
    text = "path, id, beginning of it, or latest; several may be named"
    parser.add_argument("episodes", metavar="EPISODE", nargs="*", help=text)
    parser.add_argument(
        "--where", metavar="SQL", help=f"all of the root with this; columns: {', '.join(COLUMNS)}"
    )
    parser.add_argument("--from-file", type=Path, metavar="FILE", help="episodes, one a line")


def _all_rows(args: argparse.Namespace) -> list[EpisodeRow]:
    return [episode_row(folder) for folder in episode_folders(args.default_root)]


def _chosen(args: argparse.Namespace) -> list[Path]:
    """Folders of the episodes that were named, listed or selected, each once."""
    names = list(args.episodes)
    if args.from_file:
        lines = args.from_file.read_text(encoding="utf-8", errors="replace").splitlines()
        names += [line.strip() for line in lines if line.strip()]
    folders = [find_episode(name, args.default_root) for name in names]
    if args.where is not None:
        folders += [row.folder for row in where(_all_rows(args), args.where)]
    if not folders:
        raise ConfigError("no episode is chosen; name some, or use --where or --from-file")
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{folder} is a bare file; only episode folders can be labelled")
    return list(dict.fromkeys(folders))


def _segment(text: str) -> Segment:
    match = _SEGMENT.fullmatch(text)
    if match is None or float(match[2]) >= float(match[3]):
        raise ConfigError(
            f"--segment {text!r}: must be NAME:START-END in s, for example grasp:1.2-3.4:success"
        )
    success = ANSWERS[match[4]] if match[4] else None
    return Segment(match[1], float(match[2]), float(match[3]), success)


def _step(text: str) -> tuple[str, bool | None]:
    name, _, answer = text.partition("=")
    if answer not in ANSWERS:
        raise ConfigError(f"--step {text!r}: must be NAME=success, =failure or =unknown")
    return name, ANSWERS[answer]


def _check_fits(folder: Path, segments: tuple[Segment, ...], steps: dict[str, bool | None]) -> None:
    """Segments lie within the episode, and steps are those of its predicates' label."""
    duration_s = episode_row(folder).duration_s
    for segment in segments:
        if duration_s is not None and segment.end_s > duration_s:
            raise ConfigError(
                f"segment '{segment.name}' ends at {segment.end_s:g} s; {folder.name} lasts "
                f"{duration_s:.2f} s"
            )
    known = {name for label in read_labels(folder) for name in label.steps}
    for name in steps.keys() - known if known else ():
        raise ConfigError(f"no such step: '{name}' (known: {', '.join(sorted(known))})")


def _show_history(folders: list[Path], as_json: bool) -> int:
    histories = {folder.name: read_labels(folder) for folder in folders}
    if as_json:
        shown = {n: [_plain(label) for label in labels] for n, labels in histories.items()}
        print_json(shown)
        return EXIT_GOOD
    from teleop_collect.provenance.manifest import iso_utc

    for name, labels in histories.items():
        cells = [
            (iso_utc(x.at_ns)[:19], x.by, x.operator, OUTCOMES[x.success], x.reason or x.notes)
            for x in labels
        ]
        print_table(name, ("at", "by", "who", "says", "why"), cells)
    return EXIT_GOOD


def _plain(label: Any) -> dict[str, Any]:
    segments = [vars(segment) for segment in label.segments]
    return {**vars(label), "segments": segments, "steps": dict(label.steps)}
