"""How long a leader's sample takes to become a command, and how steadily commands come.

    python bench/teleop_latency.py [--seconds 10] [--long]

A Koch arm on emulated buses, whose hand always moves: bus, `leader_arm`, `teleop`, `follower_arm`,
bus, as on a robot. Time runs from the moment the leader's driver has read its servos to the moment
the command reaches a reader of the follower's topic, and to the follower driver's write. The floor
is a plain rclpy relay in place of `teleop`, with the same priority; the follower obeys its copies,
so all else has the same to do. Both are measured at 200 and 500 Hz, alone and while the recorder
writes everything and two raw RGB-D cameras at 640x480, 30 Hz.

The peer is LeRobot's `teleop_loop` on the same emulated arm at its default rate. A cycle of it
passes on at once what it has just read itself (`write`), but reads when its rate says so. So two
comparisons are told, of medians; p99 stands in the table:

    sample_to_command  the leader's position at any instant until LeRobot has written it, waiting
                       for its next reading included, against our time from the driver's sample to
                       the command, without such a wait: not like for like. LeRobot's own time from
                       its reading to its write stands in the table (`write`); it is shorter than
                       ours, because one thread does both
    motion_to_command  like for like: from any instant to the first command that knows of it, so
                       that the wait for our own driver's next reading counts too. No goal: at
                       200 Hz that wait alone is a third of LeRobot's whole time
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from recording_load.lerobot_environment import LeRobotMissing
from recording_load.processes import Process, Recorder, own_domain, wait_until
from report import Report
from teleop_load import latencies
from teleop_load.emulated_arm import EmulatedArm, write_rig
from teleop_load.gate import engages
from teleop_load.lerobot_peer import teleoperate
from teleop_load.observer import Observer
from teleop_load.observer_rank import rank_observer

from teleop_collect import topics
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.runtime import RUNTIME_VARIABLE

RATES_HZ = (200.0, 500.0)
WARM_UP_S = 1.5
READY_S = 60.0
OF_FLOOR, BELOW_PEER = 1.5, 5.0


class Run:
    """One arm at one rate: processes, measured once with `teleop` or once with the relay."""

    def __init__(self, loaded: LoadedRig, rate_hz: float, folder: Path, seconds: float) -> None:
        self._loaded, self._rate_hz, self._folder = loaded, rate_hz, folder
        self._seconds = seconds
        self._log = folder / "processes.log"

    def node(self, module: str, *arguments: str) -> Process:
        """A node of the package on this rig."""
        ros = ["--ros-args", "-p", f"rig:={self._loaded.path}"]
        return Process([sys.executable, "-m", module, *arguments, *ros], self._log)

    def measure(self, contestant: str, *, recorded: bool) -> dict[str, Any]:
        """Latencies of `teleop` or `relay`."""
        notes = {side: self._folder / f"{side}.json" for side in ("leader", "follower")}
        with ExitStack() as stack:
            arm = stack.enter_context(EmulatedArm(self._loaded, self._log))
            wait_until(lambda: arm.is_up, READY_S, "the emulated buses")
            observer = stack.enter_context(Observer(self._loaded))
            client = stack.enter_context(RigClient())
            timed = "teleop_load.timed_drivers"
            drivers = {
                side: stack.enter_context(self.node(timed, side, str(path)))
                for side, path in notes.items()
            }
            process = stack.enter_context(self._contestant(contestant))
            if recorded:
                self._record(stack, client)
            wait_until(lambda: bool(observer.drain("leader")), READY_S, "the leader")
            arm.move()
            self._follow(contestant, observer, client)
            time.sleep(WARM_UP_S)
            observer.forget()
            cpu_s = process.cpu_s
            heard = self._listen(observer)
            cpu_percent = 100 * (process.cpu_s - cpu_s) / self._seconds
            for driver in drivers.values():
                driver.end(signal.SIGINT)
        noted = {side: json.loads(path.read_text()) for side, path in notes.items()}
        return {"heard": heard, "notes": noted, "cpu_percent": cpu_percent}

    def _contestant(self, name: str) -> Process:
        if name == "teleop":
            return self.node("teleop_collect.nodes.teleop")
        (arm,) = self._loaded.rig.arms.values()
        ways = (topics.LEADER_JOINT_STATES, arm.follower.command_topic)
        return Process([sys.executable, "-m", "teleop_load.relay", *ways], self._log)

    def _record(self, stack: ExitStack, client: RigClient) -> None:
        recorder = Recorder(self._loaded.path, self._folder / "recorded", self._log)
        stack.enter_context(recorder)
        cameras = [sys.executable, "-m", "teleop_load.camera_load"]
        stack.enter_context(Process(cameras, self._log))
        recorder.wait_ready(client)
        recorder.start(client)

    def _follow(self, contestant: str, observer: Observer, client: RigClient) -> None:
        if contestant == "teleop":
            wait_until(lambda: engages(client), READY_S, "engaging")
        wait_until(lambda: bool(observer.drain("command")), READY_S, "the first command")

    def _listen(self, observer: Observer) -> dict[str, list[latencies.Sample]]:
        heard: dict[str, list[latencies.Sample]] = {
            name: [] for name in ("leader", "requested", "command")
        }
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            for name, samples in heard.items():
                samples += observer.samples(name)
        return heard


def figures(contestant: str, rate_hz: float, run: dict[str, Any]) -> dict[str, float]:
    """One row of the table."""
    heard, notes = run["heard"], run["notes"]
    read_ns = dict(notes["leader"])
    command = heard["command"]
    if contestant == "relay":
        pairs = latencies.by_stamp(read_ns, command)
    else:
        pairs = latencies.by_wish(read_ns, heard["leader"], heard["requested"], command)
    written = latencies.to_write(pairs, command, notes["follower"])
    row = latencies.percentiles(latencies.durations_ms(pairs), "topic")
    row |= latencies.percentiles(latencies.durations_ms(written), "write")
    row |= latencies.percentiles(latencies.motion_ms(pairs), "motion_to_topic")
    row |= latencies.percentiles(latencies.motion_ms(written), "motion_to_write")
    row |= latencies.jitter([got for _, got, _ in command], rate_hz)
    return {"samples": len(pairs)} | row | {"cpu_percent": round(run["cpu_percent"], 1)}


class Bench:
    """All contestants at all rates."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.report = Report("teleop_latency")
        self._ours: dict[float, dict[str, float]] = {}

    def ours_and_floor(self, rate_hz: float, *, recorded: bool) -> None:
        """Teleoperation, and the relay in the same surroundings."""
        load = "while recording" if recorded else "alone"
        rows = {}
        for contestant in ("relay", "teleop"):
            with tempfile.TemporaryDirectory(prefix="teleop_latency-") as name, own_domain():
                os.environ[RUNTIME_VARIABLE] = name
                folder = Path(name)
                loaded = write_rig(folder, rate_hz)
                run = Run(loaded, rate_hz, folder, self._seconds)
                measured = run.measure(contestant, recorded=recorded)
            rows[contestant] = figures(contestant, rate_hz, measured)
        self.report.row(f"teleop, {rate_hz:g} Hz, {load}", **rows["teleop"])
        self.report.row(f"relay (floor), {rate_hz:g} Hz, {load}", **rows["relay"])
        ratio = rows["teleop"]["topic_p99_ms"] / rows["relay"]["topic_p99_ms"]
        goal = f"p99_to_floor_{rate_hz:g}hz_{load.replace(' ', '_')}"
        self.report.at_most(goal, ratio, OF_FLOOR)
        if not recorded:
            self._ours[rate_hz] = rows["teleop"]

    def peer(self) -> None:
        """LeRobot's loop on the same arm, at its default rate."""
        name = "LeRobot teleop_loop, same emulated arm"
        try:
            ran = self._lerobot()
        except LeRobotMissing as error:
            self.report.missing_peer(name, str(error))
            return
        fps: int = ran["fps"]
        pairs = [(read, write) for read, write in ran["cycles"]][fps:]
        row = latencies.percentiles(latencies.durations_ms(pairs), "write")
        motion = latencies.percentiles(latencies.motion_ms(pairs), "motion_to_write")
        row |= motion | latencies.jitter([write for _, write in pairs], fps)
        row |= {"stopped_by_lost_replies": ran["stops"]}
        self.report.peer(f"{name}, {fps} Hz (its default)", **row)
        theirs_ms = motion["motion_to_write_p50_ms"]
        for rate_hz, ours in self._ours.items():
            goal = f"sample_to_command_below_peer_{rate_hz:g}hz"
            self.report.at_least(goal, theirs_ms / ours["topic_p50_ms"], BELOW_PEER)
            like_for_like = theirs_ms / ours["motion_to_topic_p50_ms"]
            self.report.row(f"motion to command, {rate_hz:g} Hz", below_peer=like_for_like)

    def _lerobot(self) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="teleop_latency-") as name, own_domain():
            os.environ[RUNTIME_VARIABLE] = name
            folder = Path(name)
            loaded = write_rig(folder, RATES_HZ[0])
            with EmulatedArm(loaded, folder / "processes.log") as arm:
                wait_until(lambda: arm.is_up, READY_S, "the emulated buses")
                arm.move()
                return teleoperate(arm.path("leader"), arm.path("follower"), 0, self._seconds)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--long", action="store_true", help="60 s each")
    parser.add_argument("--only", choices=("alone", "recording", "peer"), help="a part of it")
    parser.add_argument("--rate", type=float, choices=RATES_HZ, help="one rate")
    options = parser.parse_args()
    rank_observer()
    bench = Bench(60.0 if options.long else options.seconds)
    for rate_hz in RATES_HZ if options.rate is None else (options.rate,):
        for recorded in (False, True):
            if options.only in (None, "recording" if recorded else "alone"):
                bench.ours_and_floor(rate_hz, recorded=recorded)
    if options.only in (None, "peer"):
        bench.peer()
    return bench.report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
