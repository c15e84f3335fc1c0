"""What a kill -9 or a full disk takes from an episode.

    python bench/recorder_durability.py [--kills 10] [--disks 2]

Two raw RGB-D cameras, three joint streams and a wrench (92 MB/s) come from a process of their own.
The real recorder node is killed at random moments; the next start salvages, and every byte of what
it recovered is compared with what was sent. One more is ended by SIGTERM. Then a small file system
in memory fills up, by the episode or by somebody else (needs the right to mount).
"""

import argparse
import signal
import tempfile
import time
from pathlib import Path

from recording_load.disk_full import fill_disk, may_mount
from recording_load.judging import judge_full_disks, judge_kills
from recording_load.kills import KillRun
from report import Report

DISK_MB = 256
MAX_CLOSE_S = 2.0


def kill(report: Report, folder: Path, options: argparse.Namespace) -> None:
    """Kill recorders and judge."""
    with KillRun(folder, options.load, options.seed) as run:
        kills = run.kill(
            options.kills, options.earliest_s, options.latest_s, at_most=2 * options.kills
        )
        episodes = [p.name for lane in run.lanes for p in (lane.root / "episodes").iterdir()]
    judge_kills(report, kills, options.kills, episodes)


def terminate(report: Report, folder: Path, options: argparse.Namespace) -> None:
    """End a recorder with SIGTERM in an episode and judge."""
    with KillRun(folder, options.load) as run:
        lane = run.lanes[0]
        episode_id = lane.start()
        time.sleep(options.latest_s)
        began = time.monotonic()
        code = lane.recorder.end(signal.SIGTERM)
        seconds = time.monotonic() - began
        finished = (lane.root / "episodes" / episode_id / "manifest.json").exists()
    report.row("SIGTERM in an episode", close_s=seconds, exit_code=code, finished=finished)
    report.at_most("sigterm_close_s", seconds, MAX_CLOSE_S)
    report.at_least("sigterm_finished", int(finished and code == 0), 1)


def fill(report: Report, folder: Path, options: argparse.Namespace) -> None:
    """Fill disks and judge."""
    if not may_mount():
        report.row("disk full", not_run="this user may not mount a file system")
        report.at_least("disk_full_run", 0, 1)
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
        for number, part in enumerate((kill, terminate, fill)):
            place = Path(folder) / str(number)
            place.mkdir()
            part(report, place, options)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(run("recorder_durability", parser().parse_args()))
