"""What a kill -9 or a full disk takes from an episode.

    python bench/recorder_durability.py [--kills 10] [--disks 2]

Two raw RGB-D cameras, three joint streams and a wrench (92 MB/s) come from a process of their own.
The real recorder node is killed at random moments; the next start salvages, and every byte of what
it recovered is compared with what was sent. Then a small file system in memory fills up, by the
episode or by somebody else (needs the right to mount).
"""

import argparse
import tempfile
from pathlib import Path

from recording_load.disk_full import fill_disk, may_mount
from recording_load.judging import judge_full_disks, judge_kills
from recording_load.kills import KillRun
from report import Report

DISK_MB = 256


def kill(report: Report, folder: Path, options: argparse.Namespace) -> None:
    """Kill recorders and judge."""
    with KillRun(folder, options.load, options.seed) as run:
        kills = run.kill(options.kills, options.earliest_s, options.latest_s)
        episodes = [p.name for lane in run.lanes for p in (lane.root / "episodes").iterdir()]
    judge_kills(report, kills, episodes)


def fill(report: Report, folder: Path, options: argparse.Namespace) -> None:
    """Fill disks and judge."""
    if not may_mount():
        report.row("disk full", not_run="this user may not mount a file system")
        return
    for name, by_another in (("by the episode", False), ("by another process", True)):
        disks = [
            fill_disk(folder / f"{by_another}_{n}", options.load, DISK_MB, by_another=by_another)
            for n in range(options.disks)
        ]
        judge_full_disks(report, name, disks)


def parser() -> argparse.ArgumentParser:
    """The options, shared with the soak."""
    form = argparse.RawTextHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    options.add_argument("--kills", type=int, default=10, help="recordings to kill")
    options.add_argument("--disks", type=int, default=2, help="disks to fill, each way")
    options.add_argument("--load", default="two_cameras", help="what is recorded")
    options.add_argument("--earliest-s", type=float, default=0.2, help="least age of an episode")
    options.add_argument("--latest-s", type=float, default=4.0, help="most")
    options.add_argument("--seed", type=int, default=0, help="of the random moments")
    options.add_argument("--folder", type=Path, help="where to record")
    return options


def run(name: str, options: argparse.Namespace) -> int:
    """Measure and report under a name."""
    report = Report(name)
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=options.folder) as folder:
        kill(report, Path(folder), options)
        fill(report, Path(folder), options)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(run("recorder_durability", parser().parse_args()))
