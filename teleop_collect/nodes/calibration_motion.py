"""Moves a simulated arm for a calibration, through the same chain of limits as teleoperation."""

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, PacedLoop, SystemClock, both_ns
from teleop_collect.errors import BusyError, CheckFailed, DeviceError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.arm_inputs import DeadmanInput, deadman_input
from teleop_collect.nodes.follower_output import command_topics
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.teleop_watch import TeleopWatch
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import RobotDescription, effective_limits
from teleop_collect.rig.streams import follower_source
from teleop_collect.samples import JointSample
from teleop_collect.teleop.bounds import JointType
from teleop_collect.teleop.build import deadman_watch
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.state import TeleopState

ENGAGE_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 3.0
SPEED_RAD_S = 1.0
ATTEMPTS = 5
SETTLED_RAD_S = 0.01
REACHED_RAD = 0.05

Path = Callable[[float], Mapping[str, float]]


class ArmMover:
    """Moves one arm from posture to posture.

    Args:
        node: for topics.
        rig: the rig.
        name: of the arm.
        description: its URDF.

    Attributes:
        sent: (UTC ns, positions in the arm's joint order) of every command of the last motion.
    """

    def __init__(self, node: Node, rig: Rig, name: str, description: RobotDescription) -> None:
        self._rig, self._name, self._arm = rig, name, rig.arms[name]
        self._clock = SystemClock()
        self._bounds = effective_limits(self._arm, description)
        self._types = {j: cast(JointType, description.joints[j].type) for j in self._arm.joints}
        self._outputs = command_topics(node, self._arm)
        source = follower_source(self._arm)
        topic = source or topics.arm_topic(self._arm.prefix, topics.FOLLOWER_JOINT_STATES)
        self._states = PolledSubscription(node, JointState, topic, profile(topics.FAST_QOS, 100))
        self._teleop = TeleopWatch(node)
        self._node = node
        self._deadman: DeadmanInput | None = None
        self._follower: JointSample | None = None
        self.sent: list[tuple[int, tuple[float, ...]]] = []

    def move(self, joints: Mapping[str, float]) -> None:
        """Go to a posture and come to rest; joints not named stay.

        A machine that stalls for half a second makes the chain of limits stop the arm, as it
        should; the motion is then begun anew from there.

        Raises:
            BusyError: teleoperation is engaged or stopped.
            CheckFailed: it was engaged or stopped meanwhile.
            DeviceError: the follower is silent, or the chain broke off each time.
        """
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(DeviceError):
                return self._move_once(joints)
        return self._move_once(joints)

    def _move_once(self, joints: Mapping[str, float]) -> None:
        chain, base = self._engaged()
        target = {**base, **joints}
        way = max(abs(target[j] - base[j]) for j in base)
        duration_s = max(0.5, 1.875 * way / SPEED_RAD_S)  # Peak speed of a minimum-jerk motion.

        def path(t_s: float) -> Mapping[str, float]:
            p = min(t_s / duration_s, 1.0)
            share = p * p * p * (10 + p * (6 * p - 15))
            return {j: base[j] + share * (target[j] - base[j]) for j in base}

        self._follow(chain, path, lambda t_s: t_s >= duration_s and self._is_at_rest(target))

    def swing(
        self,
        joints: Sequence[str],
        duration_s: float,
        amplitude_rad: float,
        on_tick: Callable[[], None],
    ) -> None:
        """Swing joints about where they are, each with its own growing frequency.

        Args:
            joints: which; all revolute ones when empty.
            duration_s: how long.
            amplitude_rad: of the swing, less where a limit is near.
            on_tick: called each period, to take images meanwhile.
        """
        chain, base = self._engaged()
        swinging = joints or [j for j in base if self._types[j] != "prismatic"]
        reach = {j: self._reach(j, base[j], amplitude_rad) for j in swinging}

        def path(t_s: float) -> Mapping[str, float]:
            # Rises from and returns to rest, so nothing is asked at once.
            envelope = min(1.0, t_s / 1.0, max(0.0, duration_s - t_s) / 1.0)
            wish = dict(base)
            for index, joint in enumerate(swinging):
                cycles = (0.35 + 0.03 * index) * t_s + 0.015 * t_s**2
                wish[joint] += envelope * reach[joint] * math.sin(2 * math.pi * cycles)
            return wish

        def ended(t_s: float) -> bool:
            on_tick()
            return t_s >= duration_s

        self._follow(chain, path, ended)

    def _reach(self, joint: str, at: float, wanted: float) -> float:
        bounds, margin = self._bounds[joint], 0.1
        return max(0.0, min(wanted, bounds.upper - at - margin, at - bounds.lower - margin))

    def _engaged(self) -> tuple[TeleopChain, dict[str, float]]:
        """A chain that is armed where the follower is."""
        self.sent.clear()
        self._follower = None
        if (rival := self._teleop.first_problem()) is not None:
            raise BusyError(f"arm {self._name} cannot be moved: {rival}")
        chain = TeleopChain(
            self._name,
            self._arm.joints,
            self._types,
            self._bounds,
            {},
            self._rig.teleop,
            deadman=deadman_watch(self._arm, self._rig.teleop),
        )
        self._drop_deadman()
        self._deadman = deadman_input(self._node, self._arm, chain)
        loop = PacedLoop(self._rig.teleop.rate_hz, self._clock)
        deadline, answer = time.monotonic() + ENGAGE_TIMEOUT_S, "the follower is silent"
        while time.monotonic() < deadline:
            now_ns = self._tick(chain, loop, None)
            if self._follower is None:
                continue
            found = self._follower.by_name()
            if missing := [j for j in self._arm.joints if j not in found]:
                raise DeviceError(f"the follower does not tell {', '.join(missing)}")
            base = {j: found[j] for j in self._arm.joints}
            self._tick(chain, loop, base)
            engaged = chain.engage(now_ns)
            if engaged.accepted:
                return chain, base
            answer = engaged.message
        raise DeviceError(f"arm {self._name} cannot be moved: {answer}")

    def _follow(self, chain: TeleopChain, path: Path, ended: Callable[[float], bool]) -> None:
        loop = PacedLoop(self._rig.teleop.rate_hz, self._clock)
        start_ns = self._clock.monotonic_ns()
        try:
            while True:
                t_s = (self._clock.monotonic_ns() - start_ns) / NS_PER_S
                self._tick(chain, loop, path(t_s))
                if chain.state is TeleopState.FAULT:
                    raise DeviceError(f"arm {self._name} stopped: {self._reason}")
                if (problem := self._teleop.problem()) is not None:
                    raise CheckFailed(f"arm {self._name} stopped: {problem}")
                if ended(t_s):
                    return
        finally:
            self._brake(chain, loop)

    def _brake(self, chain: TeleopChain, loop: PacedLoop) -> None:
        """Come to rest within the limits, then send nothing."""
        chain.disarm()
        deadline, sent = time.monotonic() + STOP_TIMEOUT_S, -1
        while sent != len(self.sent) and time.monotonic() < deadline:
            sent = len(self.sent)
            self._tick(chain, loop, None)

    def _tick(self, chain: TeleopChain, loop: PacedLoop, wish: Mapping[str, float] | None) -> int:
        loop.wait()
        now_ns, utc_ns = both_ns(self._clock)
        for taken in self._states.drain():
            self._follower = conversions.joint_sample(taken.message)
            age_ns = utc_ns - taken.received_ns
            chain.follower_received(self._follower, min(now_ns, now_ns - age_ns))
        if self._deadman is not None:
            self._deadman.feed(now_ns, utc_ns)
        if wish is not None:
            row = tuple(wish[j] for j in self._arm.joints)
            chain.leader_received(JointSample(utc_ns, self._arm.joints, row), now_ns)
        tick = chain.tick(now_ns, utc_ns)
        self._reason = tick.reason
        if tick.action_sent is not None:
            sent = JointSample(utc_ns, self._arm.joints, tick.action_sent)
            self.sent.append((utc_ns, tick.action_sent))
            for output in self._outputs:
                output.publish(sent, 1.0 / self._rig.teleop.rate_hz)
        return now_ns

    def _is_at_rest(self, target: Mapping[str, float]) -> bool:
        sample = self._follower
        if sample is None or not sample.velocity:
            return sample is not None
        at = sample.by_name()
        near = all(abs(at[j] - target[j]) < REACHED_RAD for j in target)
        return near and float(np.abs(sample.velocity).max()) < SETTLED_RAD_S

    def close(self) -> None:
        """Give the topics up."""
        self._states.close()
        self._teleop.close()
        self._drop_deadman()
        for output in self._outputs:
            output.close()

    def _drop_deadman(self) -> None:
        if self._deadman is not None:
            self._deadman.close()
            self._deadman = None
