"""How long an operator waits between a stop and the next start.

    python bench/recorder_turnaround.py [--episodes 3] [--long]

The real recorder node records 30 s episodes of two raw RGB-D cameras, three joint streams and a
wrench (92 MB/s). Stop-to-ready runs from the call of the stop service to its answer, when the
episode is durable on the disk and the next may start. LeRobot's `save_episode` gets the same colour
images in an environment of its own; by default of 10 s only, because it takes so long (its time
grows with the length, so the factor is a lower bound). Memory and stop of a simulated 2 h episode
are compared with those of 30 s.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from recording_load.kills import percentile
from recording_load.lerobot_environment import LeRobotMissing, save_episode
from recording_load.processes import Publisher, Recorder, own_domain
from recording_load.rig_file import write_rig
from report import Report

from teleop_collect.nodes.rig_client import RigClient

LOAD, FPS = "two_cameras", 30
MAX_P95_MS, LEROBOT_FACTOR, LONG_FACTOR = 150.0, 50.0, 2.0
MAX_GROWTH_MB = 5.0
SHORT_S, TWO_HOURS_S = 30.0, 7200.0
SHORT_RUNS = 5
BETWEEN_S = 0.5


def stops_ms(options: argparse.Namespace, folder: Path) -> list[float]:
    """Stop-to-ready of each episode."""
    rig = write_rig(folder / "rig.yaml", LOAD)
    found = []
    with (
        own_domain(),
        Recorder(rig, folder / "root", folder / "recorder.log") as recorder,
        RigClient() as client,
        Publisher(LOAD, folder / "publisher.log") as publisher,
    ):
        recorder.wait_ready(client)
        publisher.wait_matched()
        publisher.go()
        for _ in range(options.episodes):
            recorder.start(client)
            time.sleep(options.seconds)
            began = time.monotonic()
            episode = recorder.stop(client)
            found.append((time.monotonic() - began) * 1e3)
            shutil.rmtree(episode)
            time.sleep(BETWEEN_S)
        publisher.stop()
    return found


def simulated(seconds: float) -> dict[str, float]:
    """One simulated episode in a fresh process."""
    with tempfile.TemporaryDirectory() as folder, own_domain():
        command = [sys.executable, "-m", "recording_load.simulated_episode", str(seconds), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def compare_lengths(report: Report) -> None:
    """Stop and memory of 30 s against 2 h."""
    short = sorted((simulated(SHORT_S) for _ in range(SHORT_RUNS)), key=lambda r: r["stop_ms"])
    middle, long = short[SHORT_RUNS // 2], simulated(TWO_HOURS_S)
    report.row("simulated 30 s", **middle)
    report.row("simulated 2 h", **long)
    report.at_most("rss_growth_2h_mb", long["rss_growth_mb"], MAX_GROWTH_MB)
    report.at_most("stop_2h_to_30s", long["stop_ms"] / middle["stop_ms"], LONG_FACTOR)


def compare_lerobot(report: Report, frames: int, p95_ms: float) -> None:
    """LeRobot's turnaround on the same images."""
    for mode in ("default", "streaming"):
        name = f"LeRobot 0.4.4 save_episode, {mode}, {frames / FPS:g} s"
        try:
            told = save_episode(frames, mode)
        except LeRobotMissing as why:
            report.missing_peer(name, f"not available: {why}")
            continue
        save_ms = told["save_s"] * 1e3
        report.peer(name, stop_ms=save_ms, add_s=told["add_s"], images_dropped=told["dropped"])
        goal = LEROBOT_FACTOR if mode == "default" else 1.0
        report.at_least(f"faster_than_lerobot_{mode}", save_ms / p95_ms, goal)


def main() -> int:
    """Entry point."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--episodes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=SHORT_S, help="length of an episode")
    parser.add_argument("--long", action="store_true", help="20 episodes; LeRobot gets all of 30 s")
    parser.add_argument("--folder", type=Path, help="where to record")
    options = parser.parse_args()
    if options.long:
        options.episodes = 20
    report = Report("recorder_turnaround")
    with tempfile.TemporaryDirectory(prefix="turnaround-", dir=options.folder) as folder:
        times_ms = stops_ms(options, Path(folder))
    p95_ms = percentile(times_ms, 0.95)
    report.row(
        f"stop-to-ready, {options.seconds:g} s, two cameras",
        episodes=len(times_ms),
        stop_ms=percentile(times_ms, 0.5),
        stop_p95_ms=p95_ms,
        stop_max_ms=max(times_ms),
    )
    report.at_most("stop_to_ready_p95_ms", p95_ms, MAX_P95_MS)
    compare_lengths(report)
    compare_lerobot(report, (30 if options.long else 10) * FPS, p95_ms)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
