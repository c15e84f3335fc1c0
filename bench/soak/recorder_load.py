"""Ten minutes at the rated load: is every message in a file, and does memory stay where it is?

    python bench/soak/recorder_load.py [--minutes 10]

One recorder process records episodes of a minute, one after the other, from a publisher that never
pauses: 3 raw RGB-D cameras, 3 joint streams at 200 Hz, a wrench at 1 kHz (138 MB/s, 8.3 GB an
episode). Each file is compared byte by byte with what was sent and removed before the next episode.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recording_load.contents import contents_of, read_mcap
from recording_load.contestants import accounted
from recording_load.processes import Process, Publisher, Recorder, own_domain
from recording_load.rig_file import write_rig
from recording_load.streams import LOADS
from report import Report

from teleop_collect.nodes.rig_client import RigClient

LOAD, EPISODE_S, SAMPLE_S = "rated", 60.0, 1.0
MAX_SLOPE_MB_PER_MIN = 1.0


class MemoryWatch:
    """Samples the memory of a process in a thread."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stop = threading.Event()
        self.samples: list[tuple[float, float]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.samples.append((time.monotonic() / 60, self._process.private_bytes / 1e6))

    def stop(self) -> None:
        """End sampling."""
        self._stop.set()
        self._thread.join()

    @property
    def slope_mb_per_min(self) -> float:
        """Least-squares line through all samples of its second half."""
        minutes, megabytes = np.array(self.samples[len(self.samples) // 2 :]).T
        return float(np.polyfit(minutes - minutes[0], megabytes, 1)[0])


def episode(recorder: Recorder, client: RigClient, base_ns: int) -> dict[str, float]:
    """Record one, compare it, remove it."""
    recorder.start(client)
    time.sleep(EPISODE_S)
    folder = recorder.stop(client)
    path = folder / f"{folder.name}.mcap"
    found = contents_of(read_mcap(path), LOADS[LOAD], base_ns)
    path.unlink()
    ledger = json.loads((folder / "manifest.json").read_text())["streams"]
    lost = {topic: contents.holes for topic, contents in found.items()}
    # A ledger may tell more: what was lost right before an episode's first message is no hole.
    uncounted = {
        topic: max(0, holes - accounted(ledger[f"/{topic}"]).told) for topic, holes in lost.items()
    }
    return {
        "messages": sum(len(contents.numbers) for contents in found.values()),
        "lost": sum(lost.values()),
        "lost_uncounted": sum(uncounted.values()),
        "corrupted": sum(contents.corrupted + contents.foreign for contents in found.values()),
    }


def main() -> int:
    """Entry point."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--minutes", type=int, default=10, help="of recording")
    parser.add_argument("--folder", type=Path, help="where to record")
    options = parser.parse_args()
    report = Report("soak_recorder_load")
    with tempfile.TemporaryDirectory(prefix="soak-", dir=options.folder) as name, own_domain():
        folder = Path(name)
        rig = write_rig(folder / "rig.yaml", LOAD)
        with (
            Recorder(rig, folder / "root", folder / "recorder.log") as recorder,
            RigClient() as client,
            Publisher(LOAD, folder / "publisher.log") as publisher,
        ):
            recorder.wait_ready(client)
            publisher.wait_matched()
            publisher.go()
            memory = MemoryWatch(recorder)
            rows = [episode(recorder, client, publisher.base_ns) for _ in range(options.minutes)]
            memory.stop()
            publisher.stop()
    total = {key: sum(row[key] for row in rows) for key in rows[0]}
    peak_mb = max(megabytes for _, megabytes in memory.samples)
    slope = memory.slope_mb_per_min
    report.row("rated load", **total, peak_rss_mb=peak_mb, rss_slope_mb_per_min=slope)
    for key in ("lost", "lost_uncounted", "corrupted"):
        report.at_most(key, total[key], 0)
    report.at_most("rss_slope_mb_per_min", abs(slope), MAX_SLOPE_MB_PER_MIN)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
