"""One arm as the rig check hears it: leader, follower and wrench."""

import math
from collections.abc import Iterator

from geometry_msgs.msg import WrenchStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState

from teleop_collect import topics
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.checks.arm_joints import mapped
from teleop_collect.rig.checks.motion import PosePair
from teleop_collect.rig.config import Arm, SpaceMouseLeader, TopicLeader
from teleop_collect.rig.streams import follower_source
from teleop_collect.samples import JointSample, WrenchSample


class ArmWatch:
    """Subscriptions to one arm's topics.

    Attributes:
        leader: its newest sample; None before the first and for leaders without joints.
        follower: its newest sample; None before the first.
        wrenches: samples of the last poll, with their time of reception.
    """

    def __init__(self, node: Node, arm: Arm) -> None:
        self._arm = arm
        self.leader: JointSample | None = None
        self.follower: JointSample | None = None
        self.wrenches: list[tuple[WrenchSample, int]] = []
        self._forces_n: list[tuple[float, float, float]] = []

        def subscription(kind: type, name: str, source: str = "") -> PolledSubscription:
            topic = source or topics.arm_topic(arm.prefix, name)
            return PolledSubscription(node, kind, topic, profile(topics.FAST_QOS, 100))

        leader_topic = arm.leader.topic if isinstance(arm.leader, TopicLeader) else ""
        state, source = topics.FOLLOWER_JOINT_STATES, follower_source(arm)
        self._follower = subscription(JointState, state, source)
        self._leader: PolledSubscription | None = None
        if not isinstance(arm.leader, SpaceMouseLeader):
            self._leader = subscription(JointState, topics.LEADER_JOINT_STATES, leader_topic)
        self._wrench: PolledSubscription | None = None
        if arm.wrench is not None:
            name = topics.FOLLOWER_WRENCH
            self._wrench = subscription(WrenchStamped, name, arm.wrench.topic)

    def poll(self) -> Iterator[tuple[JointSample, int]]:
        """Take what has arrived; yields the follower's samples with their time of reception."""
        if self._leader is not None and (newest := self._leader.newest()) is not None:
            self.leader = conversions.joint_sample(newest.message)
        self.wrenches = [
            (conversions.wrench_sample(taken.message), taken.received_ns)
            for taken in (self._wrench.drain() if self._wrench else ())
        ]
        self._forces_n += [wrench.force_n for wrench, _ in self.wrenches]
        for taken in self._follower.drain():
            self.follower = conversions.joint_sample(taken.message)
            yield self.follower, taken.received_ns

    def pose_pair(self) -> PosePair | None:
        """Leader, mapped, and follower as they are now; None when one was not heard."""
        if self.leader is None or self.follower is None:
            return None
        follower = self.follower.by_name()
        asked = mapped(self._arm, self.leader.by_name())
        both = {joint: position for joint, position in asked.items() if joint in follower}
        return PosePair(both, follower) if both else None

    def forget_forces(self) -> None:
        """Begin a new mean."""
        self._forces_n.clear()

    def mean_force_n(self) -> tuple[float, float, float] | None:
        """Mean of the forces since `forget_forces`; None without any."""
        if not self._forces_n:
            return None
        count = len(self._forces_n)
        x, y, z = (math.fsum(column) / count for column in zip(*self._forces_n, strict=True))
        return (x, y, z)

    def close(self) -> None:
        """Drop the subscriptions."""
        for subscription in (self._follower, self._leader, self._wrench):
            if subscription is not None:
                subscription.close()
