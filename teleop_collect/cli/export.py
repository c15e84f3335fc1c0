"""Write training formats from recorded episodes, and validate what was written.

Only episodes labelled a success are exported unless --outcome says otherwise. Samples are put on
one time grid without interpolation; how far each is from its step is written next to the data.
The output appears complete and valid, or not at all.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from teleop_collect.cli.output import print_json, print_table, progress
from teleop_collect.errors import EXIT_GOOD, ConfigError
from teleop_collect.export.selection import OUTCOMES, LeftOut

if TYPE_CHECKING:
    from teleop_collect.export.lerobot.run import ExportReport

MAX_FPS = 1000
MIB = 1 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb: one sub-command a format."""
    parser.epilog = "Example: teleop-collect export lerobot ~/teleop_collect ./pick_cube"
    formats = parser.add_subparsers(dest="format", metavar="FORMAT", required=True)
    lerobot = formats.add_parser(
        "lerobot",
        help="LeRobotDataset v3.0",
        description="Write a LeRobotDataset v3.0 folder that the lerobot package loads.",
        epilog="Example: teleop-collect export lerobot ~/teleop_collect ./pick_cube --codec av1",
    )
    configure_lerobot(lerobot)
    lerobot.set_defaults(run_format=run_lerobot)


def run(args: argparse.Namespace) -> int:
    """Run the format that was chosen."""
    return int(args.run_format(args))


def configure_lerobot(parser: argparse.ArgumentParser) -> None:
    """Options of `export lerobot`."""
    parser.add_argument("root", type=Path, help="dataset root, or one episode's folder")
    parser.add_argument("out", type=Path, help="folder to make; must be absent or empty")
    parser.add_argument("--fps", type=int, help="steps a second (default: the slowest camera's)")
    parser.add_argument(
        "--codec", choices=("h264", "av1"), default="h264", help="h264 is faster, av1 smaller"
    )
    parser.add_argument(
        "--outcome", choices=OUTCOMES, default="success", help="which labels (default: success)"
    )
    parser.add_argument(
        "--policy",
        choices=("nearest", "latest"),
        default="nearest",
        help="sample that stands for a step (default: nearest; latest is causal)",
    )
    parser.add_argument(
        "--max-skew-ms",
        type=float,
        default=100.0,
        help="leave out episodes with a sample further from its step (default: 100)",
    )
    parser.add_argument(
        "--include-failed",
        action="store_true",
        help="export episodes that failed integrity checks, too",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run_lerobot(args: argparse.Namespace) -> int:
    """Export, then say what was written and what was left out."""
    if args.fps is not None and not 1 <= args.fps <= MAX_FPS:
        raise ConfigError(f"--fps is {args.fps}; it must be 1 to {MAX_FPS}")
    if not args.max_skew_ms > 0:
        raise ConfigError(f"--max-skew-ms is {args.max_skew_ms}; it must be over 0")
    from teleop_collect.export.lerobot.run import ExportOptions, export_lerobot

    options = ExportOptions(
        fps=args.fps,
        codec=args.codec,
        outcome=args.outcome,
        include_failed=args.include_failed,
        policy=args.policy,
        max_skew_ms=args.max_skew_ms,
    )
    with progress() as bar:
        task = bar.add_task("episodes", total=None)
        report = export_lerobot(
            args.root.expanduser(),
            args.out.expanduser(),
            options,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    if args.json:
        print_json(report.to_json())
    else:
        print_report(report)
    return EXIT_GOOD


def print_report(report: "ExportReport") -> None:
    """Tables for a person."""
    facts = (
        ("episodes", report.episodes),
        ("frames", f"{report.frames} at {report.fps} a second"),
        ("cameras", ", ".join(report.cameras) or "none"),
        ("size", f"{report.bytes / MIB:.1f} MiB"),
        ("time", f"{report.elapsed_s:.1f} s, of which validation {report.validate_s:.1f} s"),
        ("valid", "yes"),
    )
    print_table(f"LeRobotDataset v3.0: {report.out}", ("", ""), facts)
    if report.left_out:
        print_left_out(report.left_out)


def print_left_out(left_out: tuple[LeftOut, ...]) -> None:
    """Which episodes were not exported, and why."""
    rows = [(episode.episode_id, episode.reason) for episode in left_out]
    print_table(f"Left out: {len(rows)}", ("episode", "reason"), rows)
