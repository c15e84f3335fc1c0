"""What recording costs and what it loses: this recorder, others and the floor under one load.

    python bench/recorder_throughput.py [--seconds 10] [--rounds 2] [--long]

Every recorder in turn, in rounds of changing order, gets the same numbered messages of the same
publisher process: 3 raw RGB-D cameras at 640x480 and 30 Hz, 3 joint streams at 200 Hz and a wrench
at 1 kHz (138 MB/s), each when it is due (steady) or all of 50 ms at once (bursty). Afterwards each
file is read and every message compared with what was sent. Costs are medians of the rounds, losses
are sums. Processor time is that of the whole recording process, user and system, from the first
message to its end.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from recording_load.contestants import Accounted, Outcome, Run, deserialising, floor, ours
from recording_load.processes import own_domain
from recording_load.rosbag2 import missing, rosbag2
from report import Figure, Report

T = TypeVar("T")
Ledger = dict[str, Accounted]
BURST_S = 0.05
DISK_PROBES = 6
OURS_TO_FLOOR, OURS_TO_ROSBAG2, PEER_TO_OURS = 1.3, 1.5, 2.0
OURS, OURS_ZSTD = "teleop_collect", "teleop_collect with zstd, as shipped rigs have it"
FLOOR = "floor (raw takes to a file)"
PEER = "rclpy + mcap_ros2.writer"
KIND_PEER = "rclpy + mcap_ros2.writer without compression"
BAG, DEEP_BAG = (f"ros2 bag record -s mcap, {depths}" for depths in ("defaults", "our depths"))
PEERS = (PEER, KIND_PEER, BAG, DEEP_BAG)
SUMMED = ("sent", "images_lost", "others_lost", "corrupted")
ROUNDS = 2


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


@dataclass
class Measured:
    """All runs of one recorder; in figures, medians of costs and sums of losses."""

    outcomes: list[Outcome] = field(default_factory=list)
    ledgers: list[dict[str, Accounted]] = field(default_factory=list)
    """Of this package's recorder."""
    failure: str = ""
    """Why a run failed."""

    @property
    def cpu_s_per_gb(self) -> float:
        """Median."""
        return statistics.median(outcome.cpu_s_per_gb for outcome in self.outcomes)

    @property
    def lost(self) -> int:
        """Messages that are not in the files."""
        return sum(sum(outcome.missing.values()) for outcome in self.outcomes)

    @property
    def misstated_topics(self) -> int:
        """Topics of a run of which the ledger does not say exactly what is missing."""
        return sum(
            not ledger[topic].explains(missing)
            for outcome, ledger in zip(self.outcomes, self.ledgers, strict=True)
            for topic, missing in outcome.missing.items()
        )

    def figures(self) -> dict[str, Figure]:
        """One row of the table."""
        rows = [figures(outcome) for outcome in self.outcomes]
        costs = [row["cpu_s_per_gb"] for row in rows]
        merged: dict[str, Figure] = {
            name: (sum if name in SUMMED else statistics.median)(row[name] for row in rows)
            for name in rows[0]
        }
        told = [entry for ledger in self.ledgers for entry in ledger.values()]
        if told:
            merged["lost_by_disk"] = sum(entry.dropped_queue for entry in told)
            known = [e.lost_transport for e in told if e.lost_transport is not None]
            merged["lost_on_the_way"] = sum(known) if len(known) == len(told) else "unknown"
        spread = f"{min(costs):.3g} to {max(costs):.3g}"
        return {"runs": len(rows), "cpu_s_per_gb_range": spread} | merged


class Comparison:
    """All recorders under one kind of publisher, in rounds; every other one in reverse order."""

    def __init__(self, report: Report, options: argparse.Namespace, burst_s: float) -> None:
        self._report = report
        self._options = options
        self._burst_s = burst_s
        self._kind = "bursty" if burst_s else "steady"
        self._why_no_bag = missing()

    def _contestants(self) -> dict[str, Callable[[Run], Outcome | tuple[Outcome, Ledger]]]:
        """By name, in the table's order."""
        found: dict[str, Callable[[Run], Outcome | tuple[Outcome, Ledger]]] = {
            OURS: lambda run: ours(run, "none"),
            OURS_ZSTD: lambda run: ours(run, "zstd"),
            FLOOR: floor,
            PEER: lambda run: deserialising(run, "zstd"),
            KIND_PEER: lambda run: deserialising(run, "none"),
        }
        if self._why_no_bag is None:
            found[BAG] = lambda run: rosbag2(run, same_depths=False)
            found[DEEP_BAG] = lambda run: rosbag2(run, same_depths=True)
        return found

    def _run(self, record: Callable[[Run], T]) -> T:
        folder = Path(tempfile.mkdtemp(prefix="recorder_throughput-", dir=self._options.folder))
        try:
            with own_domain():
                return record(Run("rated", self._options.seconds, self._burst_s, folder))
        finally:
            shutil.rmtree(folder)

    def all(self) -> None:
        """Measure each and judge."""
        contestants = self._contestants()
        found = {name: Measured() for name in contestants}
        for number in range(self._options.rounds):
            for name in list(contestants)[:: -1 if number % 2 else 1]:
                self._measure(found[name], contestants[name], is_peer=name in PEERS)
        self._tabulate(found)
        self._judge({name: measured for name, measured in found.items() if not measured.failure})

    def _measure(
        self,
        measured: Measured,
        record: Callable[[Run], Outcome | tuple[Outcome, Ledger]],
        *,
        is_peer: bool,
    ) -> None:
        try:
            result = self._run(record)
        except Exception as error:
            # A peer that cannot do it is a finding, and no reason not to measure the others.
            if not is_peer:
                raise
            measured.failure = f"failed: {error}"
            return
        outcome, *ledger = result if isinstance(result, tuple) else (result,)
        if not outcome.recorded_bytes:
            measured.failure = "failed: it recorded nothing"
        measured.outcomes.append(outcome)
        measured.ledgers += ledger

    def _tabulate(self, found: dict[str, Measured]) -> None:
        for name, measured in found.items():
            title = f"{name}, {self._kind}"
            if measured.failure:
                self._report.missing_peer(title, measured.failure)
                continue
            row = self._report.peer if name in PEERS else self._report.row
            ratio = measured.cpu_s_per_gb / found[OURS].cpu_s_per_gb
            row(title, **measured.figures(), times_ours=ratio)
        for name in (BAG, DEEP_BAG):
            if self._why_no_bag is not None:
                self._report.missing_peer(f"{name}, {self._kind}", self._why_no_bag)

    def _judge(self, found: dict[str, Measured]) -> None:
        goals, kind, mine = self._report, self._kind, found[OURS]
        cost = mine.cpu_s_per_gb
        goals.at_most(f"cpu_to_floor_{kind}", cost / found[FLOOR].cpu_s_per_gb, OURS_TO_FLOOR)
        if PEER in found:
            goals.at_least(f"cpu_of_peer_{kind}", found[PEER].cpu_s_per_gb / cost, PEER_TO_OURS)
        if DEEP_BAG in found:
            ratio = cost / found[DEEP_BAG].cpu_s_per_gb
            goals.at_most(f"cpu_to_rosbag2_{kind}", ratio, OURS_TO_ROSBAG2)
        for name, key in ((OURS, kind), (OURS_ZSTD, f"{kind}_zstd")):
            goals.at_most(f"lost_{key}", found[name].lost, 0)
            goals.at_most(f"misstated_topics_{key}", found[name].misstated_topics, 0)
            corrupted = sum(outcome.corrupted for outcome in found[name].outcomes)
            goals.at_most(f"corrupted_{key}", corrupted, 0)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="of publishing, each time")
    parser.add_argument("--long", action="store_true", help="60 s each time")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each recorder")
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
