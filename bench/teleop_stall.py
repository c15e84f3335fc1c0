"""How soon the arm holds when its leader falls silent, and rests when teleoperation is killed.

    python bench/teleop_stall.py [--stalls 1000] [--kills 50]

Stalls: four arms at 200 Hz, played by this process over the middleware, led by the package's node
`teleop`; each leader falls silent at moments of its own. Time runs from just before the leader's
last sample was published to the reception of the first `teleop/status` that says HOLD; the rig
file's limit is 100 ms.

Kills: the simulated rig's own processes; a hand moves the leader, and `teleop` is killed with
SIGKILL while the follower moves. Time runs from the kill to the reception of the last joint state
in which any joint was faster than 0.02 rad/s; the follower is watched for half a second longer, and
must be heard throughout: a kill after which it is silent for 50 ms does not count as watched.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.signals import SignalHandlerOptions
from recording_load.processes import Process, own_domain, wait_until
from report import Report
from teleop_load import four_arms, kills
from teleop_load.gate import OpenGate, engages
from teleop_load.observer_rank import rank_observer
from teleop_load.stalls import Stalls

from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.runtime import RUNTIME_VARIABLE

HOLD_P99_MS, REST_MS = 120.0, 200.0
READY_S = 60.0
STALL_TIMEOUT_S = 1.0
"""Allowed for a stall on average."""


@contextmanager
def surroundings(name: str) -> Iterator[tuple[Path, Any, RigClient]]:
    """A folder, a node and a client on a ROS domain of their own."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder, own_domain():
        os.environ[RUNTIME_VARIABLE] = folder
        context = rclpy.Context()
        rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node("bench_observer", context=context)
        try:
            with RigClient() as client:
                yield Path(folder), node, client
        finally:
            node.destroy_node()
            rclpy.shutdown(context=context)
            del os.environ[RUNTIME_VARIABLE]


def stall(report: Report, count: int) -> None:
    """Inject stalls."""
    with surroundings("teleop_stall") as (folder, node, client), ExitStack() as stack:
        loaded = four_arms.write_rig(folder)
        gate = OpenGate(node, loaded)
        rig = four_arms.FourArms(node, loaded)
        stack.callback(rig.close)
        rig.start()
        command = [sys.executable, "-m", "teleop_collect.nodes.teleop"]
        command += ["--ros-args", "-p", f"rig:={loaded.path}"]
        teleop = stack.enter_context(Process(command, folder / "teleop.log"))
        wait_until(lambda: engages(client), READY_S, "engaging")
        stalls = Stalls(rig)
        stalls.inject(count, count * STALL_TIMEOUT_S)
        assert gate is not None
        cpu_s = teleop.cpu_s
    p50, p99, p999 = np.percentile(stalls.hold_ms, [50, 99, 99.9])
    report.row(
        "leader stalls",
        injected=len(stalls.hold_ms) + stalls.missed,
        missed=stalls.missed,
        hold_p50_ms=p50,
        hold_p99_ms=p99,
        hold_p999_ms=p999,
        hold_max_ms=max(stalls.hold_ms),
        cpu_s=cpu_s,
    )
    report.at_least("stalls_held", len(stalls.hold_ms), count)
    report.at_most("hold_p99_ms", float(p99), HOLD_P99_MS)


def kill(report: Report, count: int) -> None:
    """Kill teleoperation in motion."""
    with surroundings("teleop_kill") as (folder, node, client):
        loaded = kills.write_rig(folder)
        with kills.KillRig(loaded, node, client, folder / "processes.log") as rig:
            done = [rig.kill() for _ in range(count)]
            replaced = rig.replaced
    rest_ms = [k.rest_ms for k in done]
    p50, p99 = np.percentile(rest_ms, [50, 99])
    report.row(
        "kill -9 of teleop in motion",
        kills=count,
        replaced=replaced,
        speed_min_rad_s=min(k.speed for k in done),
        speed_max_rad_s=max(k.speed for k in done),
        rest_p50_ms=p50,
        rest_p99_ms=p99,
        rest_max_ms=max(rest_ms),
        longest_silence_ms=max(k.longest_gap_ms for k in done),
    )
    report.at_least("kills_watched", sum(k.is_watched for k in done), count)
    report.at_most("rest_max_ms", max(rest_ms), REST_MS)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--stalls", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    rank_observer()
    report = Report("teleop_stall")
    if options.stalls:
        stall(report, options.stalls)
    if options.kills:
        kill(report, options.kills)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
