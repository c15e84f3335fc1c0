"""What teleoperation hears of a leader: joints of an arm, or twists of a SpaceMouse."""

from pathlib import Path
from typing import Protocol

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState, Joy

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription, Taken
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.sample_decoders import JointStateDecoder
from teleop_collect.rig.config import Arm, DynamixelLeader, SpaceMouseLeader, TopicLeader
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.samples import JointSample, TwistSample
from teleop_collect.teleop.cartesian_feed import CartesianFeed
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.clutch import LeaderClutch
from teleop_collect.teleop.pose_leader import PoseLeader
from teleop_collect.teleop.twist_leader import TwistLeader


class LeaderInput(Protocol):
    """Feeds one chain with its leader."""

    @property
    def arrivals(self) -> PolledSubscription:
        """The subscription whose messages set ticks."""
        ...

    def feed(self, now_ns: int, utc_ns: int, follower: JointSample | None) -> None:
        """Give the chain what the leader asks.

        Args:
            now_ns: monotonic time.
            utc_ns: the same in UTC.
            follower: newest sample of the follower; None before the first.
        """
        ...


class JointInput:
    """A leader arm, by its joint states."""

    def __init__(self, node: Node, arm: Arm, chain: TeleopChain, hold_after_s: float) -> None:
        name = topics.arm_topic(arm.prefix, topics.LEADER_JOINT_STATES)
        topic = arm.leader.topic if isinstance(arm.leader, TopicLeader) else name
        self._chain = chain
        self._joints = PolledSubscription(
            node, JointState, topic, profile(topics.FAST_QOS), decode=JointStateDecoder()
        )
        self.arrivals = self._joints
        clutch = arm.leader.comfort.clutch if isinstance(arm.leader, DynamixelLeader) else None
        self._clutch = None if clutch is None else LeaderClutch(clutch, hold_after_s)

    def feed(self, now_ns: int, utc_ns: int, follower: JointSample | None) -> None:
        """Hand over every sample with its time of reception."""
        for taken in self._joints.drain():
            receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
            sample: JointSample | None = taken.message
            if self._clutch is not None and sample is not None:
                sample = self._clutch.passed(sample, now_ns)
            if sample is not None:
                self._chain.leader_received(sample, receive_ns)


class TwistInput:
    """A SpaceMouse, whose twists move a leader that exists in numbers only.

    While the arm does not follow, that leader stands where the follower is.
    """

    def __init__(
        self, node: Node, arm: Arm, chain: TeleopChain, description: RobotDescription
    ) -> None:
        qos = profile(topics.FAST_QOS)

        def topic(name: str) -> str:
            return topics.arm_topic(arm.prefix, name)

        self._twists = PolledSubscription(node, TwistStamped, topic(topics.SPACEMOUSE_TWIST), qos)
        self.arrivals = self._twists
        self._joys = PolledSubscription(node, Joy, topic(topics.SPACEMOUSE_JOY), qos)
        self._leader = TwistLeader(arm, description, chain.bounds)
        self._feed = CartesianFeed[TwistSample](chain, self._leader)
        self._joy: Taken | None = None
        self._hold_after_ns = chain.hold_after_s * NS_PER_S

    def permitted(self, stamp_ns: int) -> TwistSample:
        """The twist that may be acted on now: zero without a live device and while clutched."""
        twist = self._feed.source
        frame_id = self._leader.frame_id if twist is None else twist.frame_id
        x, y, z, roll, pitch, yaw = self._leader.permitted.tolist()
        return TwistSample(stamp_ns, frame_id, (x, y, z), (roll, pitch, yaw))

    def feed(self, now_ns: int, utc_ns: int, follower: JointSample | None) -> None:
        """Move the leader by the newest twist and hand over where it is now."""
        self._joy = self._joys.newest() or self._joy
        if (taken := self._twists.newest()) is not None:
            receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
            self._feed.received(
                conversions.twist_sample(taken.message, self._buttons(utc_ns)), receive_ns
            )
        self._feed.feed(now_ns, utc_ns, follower)

    def _buttons(self, utc_ns: int) -> Joy | None:
        """The buttons as last heard; None when that is too long ago, as if all were let go."""
        joy = self._joy
        if joy is None or utc_ns - joy.received_ns > self._hold_after_ns:
            return None
        return joy.message


class PoseInput:
    """A leader of other kinematics, whose tool leads the follower's tool.

    While the arm does not follow, its leader in numbers stands where the follower is.
    """

    def __init__(
        self, node: Node, arm: Arm, chain: TeleopChain, description: RobotDescription, leader: Path
    ) -> None:
        name = topics.arm_topic(arm.prefix, topics.LEADER_JOINT_STATES)
        topic = arm.leader.topic if isinstance(arm.leader, TopicLeader) else name
        self.arrivals = PolledSubscription(
            node, JointState, topic, profile(topics.FAST_QOS), decode=JointStateDecoder()
        )
        leads = RobotDescription.from_urdf(leader)
        pose_leader = PoseLeader(arm, arm.leader_joints, description, leads, chain.bounds)
        self._feed = CartesianFeed[JointSample](chain, pose_leader)

    def feed(self, now_ns: int, utc_ns: int, follower: JointSample | None) -> None:
        """Move towards the newest pose and hand over where that is now."""
        if (taken := self.arrivals.newest()) is not None:
            receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
            self._feed.received(taken.message, receive_ns)
        self._feed.feed(now_ns, utc_ns, follower)


def leader_input(
    node: Node,
    arm: Arm,
    chain: TeleopChain,
    description: RobotDescription,
    hold_after_s: float,
    rig_path: Path,
) -> LeaderInput:
    """The input that fits an arm's leader.

    Args:
        node: subscribes.
        arm: its section of the rig file.
        chain: what is fed.
        description: the arm's URDF.
        hold_after_s: the watchdog's.
        rig_path: the rig file, from which paths count.

    Raises:
        ConfigError: see `TwistLeader` and `PoseLeader`.
        MissingExtraError: pinocchio is not installed (not asked of joint mirrors).
    """
    if arm.pose is not None:
        leader = resolve_urdf(arm.pose.urdf, rig_path)
        return PoseInput(node, arm, chain, description, leader)
    if isinstance(arm.leader, SpaceMouseLeader):
        return TwistInput(node, arm, chain, description)
    return JointInput(node, arm, chain, hold_after_s)
