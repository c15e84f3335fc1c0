"""A rig of four arms whose leaders and followers this process plays, so that stalls can be many.

Every leader publishes at the rate of teleoperation until it is told to be silent; every follower
is where it was last commanded. Teleoperation itself is the package's node in a process of its own,
and all of it goes over the middleware.
"""

import math
import threading
import time
from pathlib import Path
from typing import Any

import yaml
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.samples import JointSample

ARMS = ("a", "b", "c", "d")
RATE_HZ = 200.0


def write_rig(folder: Path) -> LoadedRig:
    """The simulated tabletop's arm four times, led and followed by topic."""
    data = yaml.safe_load(load_rig("sim_tabletop").text)
    shape = data["arms"]["main"]
    shape |= {"mapping": {}}
    shape.pop("wrench", None)
    for key in ("sim", "cameras", "objects", "regions"):
        data.pop(key, None)
    data["arms"] = {
        name: {
            **shape,
            "prefix": name,
            "leader": {
                "driver": "topic", "topic": f"{name}/leader/joint_states",
                "rate_hz": RATE_HZ, "joints": shape["joints"],
            },
            "follower": {
                "driver": "ros2_control", "serial": name, "rate_hz": RATE_HZ,
                "state_topic": f"{name}/follower/joint_states",
                "command_topic": f"{name}/follower/joint_trajectory",
            },
        }
        for name in ARMS
    }  # fmt: skip
    data["teleop"] = {"rate_hz": RATE_HZ}
    data["tasks"] = {"move": {"instruction": "move"}}
    path = folder / "four_arms.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return load_rig(str(path))


class PlayedArm:
    """One arm's leader and follower."""

    def __init__(self, node: Any, name: str, home: dict[str, float]) -> None:
        self.name = name
        self.silent = False
        self.last_sent_ns = 0
        """UTC just before the leader's newest sample was published."""
        self._joints, self._home = tuple(home), tuple(home.values())
        self._measured = self._home
        qos = profile(topics.FAST_QOS)
        self._leader = node.create_publisher(JointState, f"{name}/leader/joint_states", qos)
        self._follower = node.create_publisher(JointState, f"{name}/follower/joint_states", qos)
        self._commands = PolledSubscription(
            node, JointTrajectory, f"{name}/follower/joint_trajectory", qos
        )

    def step(self, t_s: float, stamp_ns: int) -> None:
        """Publish what both sides measure now."""
        if (taken := self._commands.newest()) is not None:
            self._measured = tuple(conversions.commanded_positions(taken.message).values())
        self._publish(self._follower, self._measured, stamp_ns)
        if not self.silent:
            swing = 0.2 * math.sin(2 * math.pi * 0.3 * t_s)
            positions = (self._home[0] + swing, *self._home[1:])
            self.last_sent_ns = time.time_ns()
            self._publish(self._leader, positions, self.last_sent_ns)

    def _publish(self, publisher: Any, positions: tuple[float, ...], stamp_ns: int) -> None:
        publisher.publish(conversions.joint_state(JointSample(stamp_ns, self._joints, positions)))


class FourArms:
    """Plays all arms in a thread and hears what teleoperation says of them."""

    def __init__(self, node: Any, loaded: LoadedRig) -> None:
        self.arms = [
            PlayedArm(node, name, {j: arm.home.get(j, 0.0) for j in arm.joints})
            for name, arm in loaded.rig.arms.items()
        ]
        deep = profile(topics.FAST_QOS, depth=2000)
        self._statuses = PolledSubscription(node, DiagnosticArray, topics.TELEOP_STATUS, deep)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="arms", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def _play(self) -> None:
        clock = SystemClock()
        loop, begun = PacedLoop(RATE_HZ, clock), time.monotonic()
        while not self._stop.is_set():
            loop.wait()
            for arm in self.arms:
                arm.step(time.monotonic() - begun, clock.utc_ns())

    def states(self) -> list[tuple[int, dict[str, str]]]:
        """(reception, state by arm) of every status since the last call."""
        found = []
        for taken in self._statuses.drain():
            states = {
                status.name.removeprefix("teleop: "): value.value
                for status in taken.message.status
                for value in status.values
                if value.key == "state"
            }
            found.append((taken.received_ns, states))
        return found

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()
