"""What recording costs and what it loses: this recorder, others and the floor under one load.

    python bench/recorder_throughput.py [--seconds 10] [--long]

Every recorder in turn gets the same numbered messages of the same publisher process: 3 raw RGB-D
cameras at 640x480 and 30 Hz, 3 joint streams at 200 Hz and a wrench at 1 kHz (138 MB/s), each when
it is due (steady) or all of 50 ms at once (bursty). Afterwards each file is read and every message
compared with what was sent. Processor time is that of the whole recording process, user and system,
from the first message to its end.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from recording_load.contestants import (
    Outcome,
    Run,
    deserialising,
    floor,
    ours,
    rosbag2,
    rosbag2_missing,
)
from recording_load.processes import own_domain
from report import Report

T = TypeVar("T")
BURST_S = 0.05
DISK_PROBES = 6
OURS_TO_FLOOR, OURS_TO_ROSBAG2, PEER_TO_OURS = 1.3, 1.5, 2.0
ROSBAG2 = "ros2 bag record -s mcap"


def figures(outcome: Outcome) -> dict[str, float | int]:
    """One row of the table."""
    images = sum(n for topic, n in outcome.missing.items() if "image" in topic)
    return {
        "cpu_s_per_gb": outcome.cpu_s_per_gb,
        "cpu_s": outcome.cpu_s,
        "recorded_gb": outcome.recorded_bytes / 1e9,
        "sent": outcome.sent,
        "images_lost": images,
        "others_lost": sum(outcome.missing.values()) - images,
        "corrupted": outcome.corrupted,
        "peak_rss_mb": outcome.peak_bytes / 1e6,
        "publisher_behind_ms": outcome.behind_ms,
    }


def disk_mb_s(folder: Path | None) -> float:
    """What the disk takes of one process that only writes, synced each second's worth of load."""
    block, blocks = bytes(range(256)) * (4 << 12), 32
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        began = time.monotonic()
        for number in range(DISK_PROBES * blocks):
            file.write(block)
            if number % blocks == blocks - 1:
                os.fsync(file.fileno())
        return DISK_PROBES * blocks * len(block) / 1e6 / (time.monotonic() - began)


class Comparison:
    """All recorders under one kind of publisher."""

    def __init__(self, report: Report, options: argparse.Namespace, burst_s: float) -> None:
        self._report = report
        self._options = options
        self._burst_s = burst_s
        self._kind = "bursty" if burst_s else "steady"

    def _run(self, record: Callable[[Run], T]) -> T:
        folder = Path(tempfile.mkdtemp(prefix="recorder_throughput-", dir=self._options.folder))
        try:
            with own_domain():
                return record(Run("rated", self._options.seconds, self._burst_s, folder))
        finally:
            shutil.rmtree(folder)

    def all(self) -> None:
        """Measure each and judge."""
        mine, told = self._run(ours)
        counted = {"lost_by_disk": told.dropped_queue, "lost_on_the_way": told.lost_transport}
        self._report.row(f"teleop_collect, {self._kind}", **figures(mine), **counted)
        uncounted = sum(mine.missing.values()) - told.dropped_queue - told.lost_transport
        least = self._run(floor)
        self._report.row(f"floor (raw takes to a file), {self._kind}", **figures(least))
        peer = self._run(lambda run: deserialising(run, "zstd"))
        self._report.peer(f"rclpy + mcap_ros2.writer, {self._kind}", **figures(peer))
        kinder = self._run(lambda run: deserialising(run, "none"))
        name = f"rclpy + mcap_ros2.writer without compression, {self._kind}"
        ratio = kinder.cpu_s_per_gb / mine.cpu_s_per_gb
        self._report.peer(name, **figures(kinder), times_ours=ratio)
        self._rosbag2(mine)
        cost = mine.cpu_s_per_gb
        goals = self._report
        goals.at_most(f"cpu_to_floor_{self._kind}", cost / least.cpu_s_per_gb, OURS_TO_FLOOR)
        goals.at_least(f"cpu_of_peer_{self._kind}", peer.cpu_s_per_gb / cost, PEER_TO_OURS)
        goals.at_most(f"lost_{self._kind}", sum(mine.missing.values()), 0)
        goals.at_most(f"lost_uncounted_{self._kind}", uncounted, 0)
        goals.at_most(f"corrupted_{self._kind}", mine.corrupted, 0)

    def _rosbag2(self, mine: Outcome) -> None:
        why = rosbag2_missing()
        for same_depths, variant in ((False, "defaults"), (True, "our depths")):
            name = f"{ROSBAG2}, {variant}, {self._kind}"
            if why is not None:
                self._report.missing_peer(name, why)
                continue
            bag = self._run(lambda run, deep=same_depths: rosbag2(run, same_depths=deep))
            self._report.peer(name, **figures(bag))
            if same_depths:
                ratio = mine.cpu_s_per_gb / bag.cpu_s_per_gb
                self._report.at_most(f"cpu_to_rosbag2_{self._kind}", ratio, OURS_TO_ROSBAG2)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="of publishing, each time")
    parser.add_argument("--long", action="store_true", help="60 s each time")
    parser.add_argument("--only", choices=("steady", "bursty"), help="one kind of publisher")
    parser.add_argument(
        "--folder", type=Path, help="where to record; the temporary folder if absent"
    )
    options = parser.parse_args()
    if options.long:
        options.seconds = 60.0
    report = Report("recorder_throughput")
    report.row("the disk alone, written and synced", disk_mb_s=disk_mb_s(options.folder))
    for kind, burst_s in (("steady", 0.0), ("bursty", BURST_S)):
        if options.only in (None, kind):
            Comparison(report, options, burst_s).all()
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
