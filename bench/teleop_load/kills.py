"""Teleoperation killed in motion, in the simulated rig's graph: when does the follower rest?"""

import math
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import yaml
from recording_load.held_ports import hold, udp_ports
from recording_load.processes import Process, wait_until
from sensor_msgs.msg import JointState

from teleop_collect import topics
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.errors import TeleopCollectError
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.processes import processes_of
from teleop_collect.rig.runtime import control_socket

from .gate import OpenGate, engages

ARM = "main"
PROCESSES = ("leader_bus_emulator_main", "leader_arm", "sim_rig")
MOVING, AT_REST = 0.15, 0.02
"""rad/s (m/s): some joint is faster when the node is killed; none is at rest."""
STAYS_S = 0.5
"""How long the follower is watched after it has come to rest."""
SILENT_MS = 50.0
"""A follower that is not heard for longer was not watched, whatever it did."""
HAND_HZ, HAND_S = 50.0, 600.0
READY_S = 60.0
DEAF_S, REPLACEMENTS = 20.0, 3
"""A node that does not engage for so long will not; how many are tried."""


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        speed: of the fastest joint just before, rad/s.
        rest_ms: from the kill to the last sample in which a joint still moved.
        longest_gap_ms: between two samples of the follower while it was watched.
    """

    speed: float
    rest_ms: float
    longest_gap_ms: float

    @property
    def is_watched(self) -> bool:
        """Whether the follower was heard throughout, so that its rest is known."""
        return self.longest_gap_ms <= SILENT_MS


def write_rig(folder: Path) -> LoadedRig:
    """The simulated tabletop without cameras."""
    data = yaml.safe_load(load_rig("sim_tabletop").text) | {"cameras": {}}
    data["teleop"] = {"rate_hz": 200, "align": {"ramp_rad_s": 1.0}}
    path = folder / "kills.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return load_rig(str(path))


class KillRig:
    """Leader bus, leader and follower of the graph; teleoperation comes and is killed.

    Attributes:
        replaced: nodes that did not engage after their predecessor had been killed.
    """

    def __init__(self, loaded: LoadedRig, node: Any, client: RigClient, log: Path) -> None:
        self._loaded, self._client, self._log = loaded, client, log
        self._gate = OpenGate(node, loaded)
        deep = profile(topics.FAST_QOS, depth=2000)
        self._joints = PolledSubscription(node, JointState, topics.FOLLOWER_JOINT_STATES, deep)
        self._stack, self._number, self._newest = ExitStack(), 0, 0.0
        self.replaced = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for process in processes_of(self._loaded):
                if process.name in PROCESSES:
                    stack.enter_context(Process(self._command(process.module, process), self._log))
            arm = self._loaded.rig.arms[ARM]
            hand = EmulatorClient(control_socket(arm.leader.port))
            stack.callback(hand.close)
            wait_until(lambda: self._moves(hand), READY_S, "the hand")
            wait_until(lambda: bool(self._heard()), READY_S, "the follower")
            self._next = stack.enter_context(self._teleop())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _command(self, module: str, process: Any) -> list[str]:
        command = [sys.executable, "-m", module]
        if process.plain:
            return command + process.options(process.arguments)
        return [*command, "--ros-args", "-p", f"rig:={self._loaded.path}"]

    def _moves(self, hand: EmulatorClient) -> bool:
        """Start the hand's motion; False while there is no hand yet."""
        home = self._loaded.rig.arms[ARM].home
        joints = ("shoulder_pan", "wrist_1", "wrist_3")
        rows = [
            [home[j] + 0.25 * min(n / HAND_HZ, 1.0) * math.sin(4.0 * n / HAND_HZ + i)
             for i, j in enumerate(joints)]
            for n in range(round(HAND_S * HAND_HZ))
        ]  # fmt: skip
        try:
            hand.play({"rate_hz": HAND_HZ, "joints": joints, "positions": rows})
        except TeleopCollectError:
            return False
        return True

    def _teleop(self) -> Process:
        """The next node, with services of its own: the graph remembers those of the killed one."""
        self._number += 1
        name = f"teleop_{self._number}"
        services = {s: s.replace("teleop/", f"{name}/") for s in (topics.TELEOP_ENGAGE,)}
        remaps = {"__node": name, **services}
        options = [part for old, new in remaps.items() for part in ("-r", f"{old}:={new}")]
        options += ["-p", f"rig:={self._loaded.path}"]
        command = [sys.executable, "-m", "teleop_load.ready_teleop", "--ros-args", *options]
        return Process(command, self._log, stdin=subprocess.PIPE, text=True)

    def kill(self) -> Kill:
        """Let the node follow the hand, kill it at speed, and watch the follower."""
        process = self._engaged()
        wait_until(lambda: self._speed() > MOVING, READY_S, "the follower to move")
        # Another moment of the motion each time.
        time.sleep(0.1 + 0.037 * (self._number % 11))
        wait_until(lambda: self._speed() > MOVING, READY_S, "the follower to move")
        speed = self._speed()
        killed_ns = time.time_ns()
        process.end(signal.SIGKILL)
        return Kill(speed, *self._watched(killed_ns))

    def _engaged(self) -> Process:
        """The next node, engaged; one that Fast DDS has left deaf is replaced (`held_ports`)."""
        for _ in range(REPLACEMENTS):
            process, engage = self._next, f"teleop_{self._number}/engage"
            process.handle.stdin.write("\n")
            process.handle.stdin.flush()
            self._next = self._stack.enter_context(self._teleop())
            with suppress(TimeoutError):
                wait_until(partial(engages, self._client, engage), DEAF_S, "engaging")
                return process
            self.replaced += 1
            ports = udp_ports(process.handle.pid)
            process.end(signal.SIGTERM)
            hold(ports, self._stack)
        raise TimeoutError(f"none of {REPLACEMENTS} nodes engaged within {DEAF_S:g} s")

    def _watched(self, killed_ns: int) -> tuple[float, float]:
        """Time to rest, and the longest silence of the follower, in ms."""
        moved_ns, quiet_from = killed_ns, time.monotonic()
        heard_ns, longest_ns = killed_ns, 0
        while time.monotonic() - quiet_from < STAYS_S:
            time.sleep(0.02)
            for received_ns, speed in self._heard():
                longest_ns = max(longest_ns, received_ns - heard_ns)
                heard_ns = max(heard_ns, received_ns)
                if received_ns > killed_ns and speed > AT_REST:
                    moved_ns, quiet_from = received_ns, time.monotonic()
        longest_ns = max(longest_ns, time.time_ns() - heard_ns)
        return (moved_ns - killed_ns) / 1e6, longest_ns / 1e6

    def _speed(self) -> float:
        """Of the fastest joint, as last heard."""
        if heard := self._heard():
            self._newest = heard[-1][1]
        return self._newest

    def _heard(self) -> list[tuple[int, float]]:
        """(reception, speed of the fastest joint) of the follower since the last call."""
        return [
            (taken.received_ns, max(abs(v) for v in taken.message.velocity))
            for taken in self._joints.drain()
        ]
