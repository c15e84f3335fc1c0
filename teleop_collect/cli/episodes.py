"""List recorded episodes, show, label, judge, review or queue them, or set one aside.

EPISODE is a path, an id, the unambiguous beginning of an id, or `latest`.

Example: teleop-collect episodes show latest
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teleop_collect.cli.label_actions import OUTCOMES, add_actions
from teleop_collect.cli.output import print_json, print_table
from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.files import QA, read_json
from teleop_collect.episodes.labels import standing
from teleop_collect.episodes.root import DEFAULT_ROOT, discard, episode_folders, find_episode
from teleop_collect.episodes.rows import episode_row
from teleop_collect.errors import EXIT_GOOD, EXIT_USAGE

if TYPE_CHECKING:
    from teleop_collect.episodes.reader import Episode


def configure(parser: argparse.ArgumentParser) -> None:
    """Add sub-commands and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all episodes of a root")
    listing.epilog = "Example: teleop-collect episodes list ~/teleop_collect"
    listing.add_argument("root", nargs="?", type=Path, default=None, help="dataset root")
    _add_root(listing)
    listing.add_argument("--json", action="store_true", help="print as JSON")
    listing.set_defaults(run_action=run_list)
    show = _add_action(actions, "show", "streams, losses, task, outcome and verdict of one episode")
    show.add_argument("--json", action="store_true", help="print as JSON")
    show.set_defaults(run_action=run_show)
    add_actions(actions)
    drop = _add_action(actions, "discard", "move an episode to ROOT/discarded; deletes nothing")
    drop.add_argument("--yes", action="store_true", help="do it; without it, only say what")
    drop.set_defaults(run_action=run_discard)


def run(args: argparse.Namespace) -> int:
    """Run the action that was chosen."""
    return int(args.run_action(args))


def run_list(args: argparse.Namespace) -> int:
    """List the episodes of a root."""
    rows = [_row(folder) for folder in episode_folders(args.root or args.default_root)]
    if args.json:
        print_json(rows)
        return EXIT_GOOD
    columns = ("episode_id", "task_id", "outcome", "duration_s", "verdict", "problem")
    cells = [["" if row[c] is None else _rounded(row[c]) for c in columns] for row in rows]
    print_table(f"{len(rows)} episodes", columns, cells)
    return EXIT_GOOD


def run_show(args: argparse.Namespace) -> int:
    """Show one episode."""
    from teleop_collect.episodes.reader import open_episode

    with open_episode(_find(args)) as episode:
        facts = _facts(episode)
    if args.json:
        print_json(facts)
        return EXIT_GOOD
    for key in ("episode_id", "path", "rig", "task_id", "instruction", "operator", "started"):
        print(f"{key:12} {facts[key]}")
    for key in ("duration_s", "termination", "outcome", "verdict"):
        print(f"{key:12} {facts[key]}")
    streams = facts["streams"]
    columns = ("topic", *next(iter(streams.values()), {}))
    rows = [(topic, *stream.values()) for topic, stream in streams.items()]
    print_table(f"{len(streams)} streams", columns, rows)
    return EXIT_GOOD


def run_discard(args: argparse.Namespace) -> int:
    """Set an episode aside."""
    folder = _find(args)
    if not args.yes:
        print(f"would move {folder} to the root's `discarded` folder; repeat with --yes")
        return EXIT_USAGE
    print(f"moved to {discard(folder)}")
    return EXIT_GOOD


def _add_action(actions: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=summary)
    parser.epilog = f"Example: teleop-collect episodes {name} latest"
    parser.add_argument("episode", metavar="EPISODE", help="path, id, beginning of it, or latest")
    _add_root(parser)
    return parser


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        dest="default_root",
        type=Path,
        default=Path(DEFAULT_ROOT),
        metavar="DIR",
        help=f"dataset root (default: {DEFAULT_ROOT})",
    )


def _find(args: argparse.Namespace) -> Path:
    return find_episode(args.episode, args.default_root)


def _row(folder: Path) -> dict[str, Any]:
    """What the list says of an episode, without opening its recording."""
    row = episode_row(folder)
    return {
        "episode_id": row.episode_id,
        "task_id": row.task_id,
        "outcome": None if row.problem else OUTCOMES[row.success],
        "agreement": row.agreement,
        "duration_s": row.duration_s,
        "verdict": row.verdict,
        "problem": row.problem,
    }


def _verdict(folder: Path | None) -> str | None:
    if folder is None or not (folder / QA).is_file():
        return None
    return str(read_json(folder / QA).get("verdict"))


def _facts(episode: "Episode") -> dict[str, Any]:
    manifest = episode.manifest or {}
    task = episode.manifest_part("task")
    said = standing(episode.manifest, episode.labels)
    return {
        "episode_id": episode.episode_id,
        "path": str(episode.path),
        "rig": manifest.get("rig", "unknown"),
        "task_id": task.get("task_id", "unknown"),
        "instruction": task.get("instruction", "unknown"),
        "operator": manifest.get("operator", "unknown"),
        "started": manifest.get("started", "unknown"),
        "duration_s": manifest.get("duration_s", _measured_s(episode)),
        "termination": manifest.get("termination", "unknown"),
        "outcome": OUTCOMES[said.success],
        "labels": {
            "person": OUTCOMES[said.person],
            "predicates": OUTCOMES[said.predicate],
            "agreement": said.agreement,
            "needs_review": said.needs_review,
        },
        "verdict": _verdict(episode.folder) or "not checked",
        "streams": {
            topic: _stream(info, _measured_hz(episode, topic))
            for topic, info in sorted(episode.streams.items())
        },
    }


def _measured_s(episode: "Episode") -> float | str:
    """From the first to the last message of a recording without manifest, s."""
    if episode.manifest is not None:
        return "unknown"
    times = [t.log_ns for t in map(episode.times, episode.streams) if len(t)]
    if not times:
        return "unknown"
    length_ns = max(int(t[-1]) for t in times) - min(int(t[0]) for t in times)
    return round(length_ns / NS_PER_S, 3)


def _measured_hz(episode: "Episode", topic: str) -> float | str:
    """Mean rate of a stream of a recording without manifest, by its stamps."""
    if episode.manifest is not None:
        return "unknown"
    stamp_ns = episode.times(topic).stamp_ns
    span_ns = int(stamp_ns.max() - stamp_ns.min()) if len(stamp_ns) else 0
    return (len(stamp_ns) - 1) * NS_PER_S / span_ns if span_ns else "unknown"


def _stream(info: Any, measured_hz: float | str) -> dict[str, Any]:
    ledger = info.ledger
    skew = ledger.get("skew_ms")
    return {
        "type": info.type,
        "count": info.count,
        "hz": _rounded(ledger.get("mean_hz", measured_hz)),
        "gaps": ledger.get("gaps", "unknown"),
        "max_gap_ms": _rounded(ledger.get("max_gap_ms", "unknown")),
        "lost": ledger.get("lost_transport", "unknown"),
        "dropped": ledger.get("dropped_queue", "unknown"),
        "skew_p95_ms": _rounded(
            skew.get("p95", "unknown") if isinstance(skew, dict) else "unknown"
        ),
    }


def _rounded(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value
