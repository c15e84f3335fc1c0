"""Drives a recorded motion on a running rig, through the rig's own teleoperation.

This process only stands where the leader stands: the node `teleop` maps, limits and watches what
it asks, and needs a passed rig check, a fresh follower and a released stop as always.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import JointState

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, PacedLoop, SystemClock
from teleop_collect.errors import CheckFailed, DeviceError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.process import StopSignal
from teleop_collect.rig.config import Arm
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.streams import follower_source
from teleop_collect.samples import JointSample
from teleop_collect.teleop.replay.ramp import ramp
from teleop_collect.teleop.replay.report import TrackingReport, tracking_report
from teleop_collect.teleop.replay.trajectory import Trajectory

FIND_S = 10.0
"""For teleoperation and the follower to be found."""
ENGAGE_S = 10.0
SETTLE_S = 0.5
"""The arm rests so long before the motion and after it, so that the whole of it is compared."""
MAX_HOLD_S = 10.0
"""A replay that is held for longer in all, on one way, ends."""
MAX_STEPS = 2
POLL_S = 0.02
DEPTH = 100_000


@dataclass(frozen=True)
class Replayed:
    """What a replay did.

    Attributes:
        completed: whether the whole motion was driven.
        reason: why not; empty when it was.
        holds: how often teleoperation held the arm meanwhile; the motion waited for it.
        arms: tracking of each arm as far as the motion went; None where nothing was sent.
    """

    completed: bool
    reason: str
    holds: int
    arms: Mapping[str, TrackingReport | None]

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


class ReplayedArm:
    """One arm's place of the leader, and what is heard of it.

    Args:
        node: publishes and subscribes.
        name: of the arm.
        arm: its section of the rig file.
        motion: what is driven.
        speeds: of the ramp, by joint of the motion.
        units: by joint.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        arm: Arm,
        motion: Trajectory,
        speeds: Sequence[float],
        units: Mapping[str, str],
    ) -> None:
        self.name, self.motion = name, motion
        self._speeds, self._units = tuple(speeds), dict(units)
        deep = profile(topics.FAST_QOS, depth=DEPTH)

        def own(topic: str) -> str:
            return topics.arm_topic(arm.prefix, topic)

        self._publisher = node.create_publisher(
            JointState, own(topics.REPLAY_JOINT_STATES), profile(topics.FAST_QOS)
        )
        state = follower_source(arm) or own(topics.FOLLOWER_JOINT_STATES)
        self._measured = PolledSubscription(node, JointState, state, deep)
        self._sent = PolledSubscription(node, JointState, own(topics.ACTION_SENT), deep)
        self._way: Trajectory | None = None

    def measured(self) -> JointSample | None:
        """The follower's newest sample since the last call."""
        taken = self._measured.newest()
        return None if taken is None else conversions.joint_sample(taken.message)

    def stand(self, sample: JointSample) -> None:
        """Ask for where the follower is."""
        positions = sample.by_name()
        start = [positions[joint] for joint in self.motion.joints]
        self._way = ramp(self.motion.joints, start, start, self._speeds)

    def approach(self) -> float:
        """Go slowly from where the arm stands to the motion's start; returns how long it takes."""
        assert self._way is not None
        start = self._way.at(0.0)
        self._way = ramp(self.motion.joints, start, self.motion.at(0.0), self._speeds)
        return self._way.duration_s

    def begin(self) -> None:
        """Go the recorded way; what was heard before is let go."""
        self._way = self.motion
        for subscription in (self._measured, self._sent):
            subscription.newest()

    def publish(self, t_s: float, stamp_ns: int) -> None:
        """Ask for the position `t_s` after the present way's start; nothing before the first."""
        if self._way is not None:
            sample = JointSample(stamp_ns, self.motion.joints, self._way.at(t_s))
            self._publisher.publish(conversions.joint_state(sample))

    def report(self) -> TrackingReport | None:
        """Compare what was sent with what was measured since `begin`."""
        sent, measured = (
            [conversions.joint_sample(taken.message) for taken in subscription.drain(DEPTH)]
            for subscription in (self._sent, self._measured)
        )
        return tracking_report(sent, measured, self._units)


class ReplayRobotNode:
    """All arms of an episode.

    Args:
        host: of this process.
        loaded: the rig that runs.
        arms: what each is asked; see `ReplayedArm`.
    """

    def __init__(
        self,
        host: Host,
        loaded: LoadedRig,
        arms: Mapping[str, tuple[Trajectory, Sequence[float], Mapping[str, str]]],
    ) -> None:
        self._host = host
        self._clock = SystemClock()
        self._arms = [
            ReplayedArm(host.node, name, loaded.rig.arms[name], *asked)
            for name, asked in arms.items()
        ]
        self._statuses = PolledSubscription(
            host.node, DiagnosticArray, topics.TELEOP_STATUS, profile(topics.FAST_QOS)
        )
        self._loop = PacedLoop(loaded.rig.teleop.rate_hz, self._clock)
        self._lock = threading.Lock()
        self._t_s = 0.0
        self._runs = True
        self._holds = 0
        self._reason = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="replay", daemon=True)
        self.result: Replayed | None = None

    def run(self) -> None:
        """Drive the motion once.

        Raises:
            DeviceError: no teleoperation or no follower was found.
            CheckFailed: teleoperation refused to follow.
        """
        with RigClient() as client:
            if not client.appears(topics.TELEOP_REPLAY, FIND_S):
                raise DeviceError(
                    "no teleoperation runs on this ROS domain; start the rig first "
                    "(teleop-collect up --rig ...) and run its check"
                )
            answer = client.set_bool(topics.TELEOP_REPLAY, True)
            if not answer.success:
                # Whoever leads, and whatever was stopped, is none of this process's business.
                raise CheckFailed(answer.message)
            try:
                self._drive(client)
            finally:
                # Not by disarming: that would clear a stop that came meanwhile.
                client.set_bool(topics.TELEOP_REPLAY, False)

    def _drive(self, client: RigClient) -> None:
        self._stand()
        self._thread.start()
        self._engage(client)
        reason = self._go(max(self._change(arm.approach for arm in self._arms)) + SETTLE_S)
        driven = False
        if not reason:
            driven = True
            self._change(arm.begin for arm in self._arms)
            longest_s = max(arm.motion.duration_s for arm in self._arms)
            reason = self._go(longest_s + SETTLE_S)
        reports = {arm.name: arm.report() if driven else None for arm in self._arms}
        self.result = Replayed(not reason, reason, self._holds, reports)

    def _stand(self) -> None:
        """Begin where the followers are."""
        for arm in self._arms:
            deadline_s = self._now_s() + FIND_S
            while (sample := arm.measured()) is None:
                if self._now_s() > deadline_s or self._host.stop.wait(0.02):
                    raise DeviceError(f"arm {arm.name}: the follower publishes no joint states")
            arm.stand(sample)

    def _engage(self, client: RigClient) -> None:
        """Engage once teleoperation hears this process; its refusal is final after a while."""
        deadline_s = self._now_s() + ENGAGE_S
        while True:
            answer = client.set_bool(topics.TELEOP_ENGAGE, True)
            if answer.success:
                break
            if self._now_s() > deadline_s or self._host.stop.wait(0.2):
                raise CheckFailed(f"teleoperation refuses to follow the replay: {answer.message}")
        # A fault that comes at once is told with its reason, as any later one is.
        while (states := set(self._states().values())) != {"ENGAGED"} and "FAULT" not in states:
            if self._now_s() > deadline_s or self._host.stop.wait(0.02):
                raise CheckFailed("teleoperation did not begin to follow the replay")

    def _change(self, changes: Any) -> list[Any]:
        """Give every arm its next way, from one moment on."""
        with self._lock:
            done = [change() for change in changes]
            self._t_s, self._runs = 0.0, True
        return done

    def _go(self, seconds: float) -> str:
        """Let a while of the present way pass; why it ended early, or nothing.

        While teleoperation holds the arm, the way waits, too.
        """
        held_s = 0.0
        while self._t_s < seconds:
            before_s = self._now_s()
            if self._host.stop.wait(POLL_S):
                return "stopped by the operator"
            for arm, state in self._states().items():
                if state not in ("ENGAGED", "ALIGNING", "HOLD"):
                    return f"arm {arm}: teleoperation went to {state}: {self._reason}"
            if not self._runs:
                held_s += self._now_s() - before_s
            if held_s > MAX_HOLD_S:
                return f"teleoperation held the arm for {held_s:.1f} s: {self._reason}"
        return ""

    def _states(self) -> dict[str, str]:
        """State by arm, from statuses since the last call; empty without one."""
        found: dict[str, str] = {}
        for taken in self._statuses.drain():
            for status in taken.message.status:
                state = next((v.value for v in status.values if v.key == "state"), "")
                found[status.name.removeprefix("teleop: ")] = state
                if state != "ENGAGED":
                    self._reason = status.message or self._reason
        if found:
            runs = set(found.values()) == {"ENGAGED"}
            self._holds += self._runs and not runs
            self._runs = runs
        return found

    def _now_s(self) -> float:
        return self._clock.monotonic_ns() / NS_PER_S

    def _publish(self) -> None:
        last_ns = self._clock.monotonic_ns()
        while not self._ended.is_set():
            now_ns = self._loop.wait()
            with self._lock:
                if self._runs:
                    # After a pause of this process the motion goes on where it was.
                    self._t_s += min(now_ns - last_ns, MAX_STEPS * self._loop.period_ns) / NS_PER_S
                last_ns = now_ns
                for arm in self._arms:
                    arm.publish(self._t_s, self._clock.utc_ns())

    def close(self) -> None:
        """End the publishing: the leader's place was given back before."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)


def drive(
    loaded: LoadedRig, arms: Mapping[str, tuple[Trajectory, Sequence[float], Mapping[str, str]]]
) -> dict[str, object]:
    """Run the node to its end; `Replayed` as JSON data.

    Raises:
        TeleopCollectError: see `ReplayRobotNode.run`.
    """
    stop = StopSignal().install()
    with Host("replay_robot", ["--ros-args"], stop) as host:
        node = ReplayRobotNode(host, loaded, arms)
        try:
            node.run()
        finally:
            node.close()
    assert node.result is not None
    return node.result.as_json()
