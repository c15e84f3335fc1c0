"""The topics of one arm's chain: leader and follower in, what was asked and what is sent out."""

from collections.abc import Sequence
from pathlib import Path

from rclpy.node import Node
from sensor_msgs.msg import JointState

from teleop_collect import topics
from teleop_collect.errors import ConfigError
from teleop_collect.nodes.arm_inputs import DriverReports, WrenchInput, deadman_input
from teleop_collect.nodes.cdr_layout import joint_state_cdr
from teleop_collect.nodes.controller_order import ControllerOrder
from teleop_collect.nodes.follower_output import CommandTopic, command_topics
from teleop_collect.nodes.leader_input import LeaderInput, TwistInput, leader_input
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.replay_input import ReplayInput
from teleop_collect.nodes.sample_decoders import JointStateDecoder
from teleop_collect.nodes.servo_output import ServoOutput
from teleop_collect.rig.config import Arm, DynamixelFollower, Ros2ControlFollower, Teleop
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.streams import follower_source
from teleop_collect.samples import JointSample
from teleop_collect.teleop.chain import TeleopChain, Tick


class ArmTopics:
    """Feeds one chain and publishes its ticks.

    Args:
        node: subscribes and publishes.
        name: of the arm.
        arm: its section of the rig file.
        chain: what is fed.
        description: the arm's URDF.
        teleop: rate of the ticks and watchdog.
        rig_path: the rig file.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        arm: Arm,
        chain: TeleopChain,
        description: RobotDescription,
        teleop: Teleop,
        rig_path: Path,
    ) -> None:
        self.name = name
        self._chain = chain
        self._joints = arm.joints
        self._period_s = 1.0 / teleop.rate_hz
        qos = profile(topics.FAST_QOS)

        def own(topic: str) -> str:
            return topics.arm_topic(arm.prefix, topic)

        state_topic = follower_source(arm) or own(topics.FOLLOWER_JOINT_STATES)
        hold_after_s = teleop.watchdog.hold_after_s
        self._own_leader = leader_input(node, arm, chain, description, hold_after_s, rig_path)
        self._leader: LeaderInput = self._own_leader
        self._replay: ReplayInput | None = None
        self._node, self._arm = node, arm
        self._follower = PolledSubscription(
            node, JointState, state_topic, qos, decode=JointStateDecoder()
        )
        self._wrench = WrenchInput(node, arm, chain) if chain.watches_wrench else None
        self._deadman = deadman_input(node, arm, chain)
        is_driven = isinstance(arm.follower, DynamixelFollower)
        self._driver = DriverReports(node, name, chain) if is_driven else None
        self._newest: JointSample | None = None
        self._requested = node.create_publisher(JointState, own(topics.ACTION_REQUESTED), qos)
        self._sent = node.create_publisher(JointState, own(topics.ACTION_SENT), qos)
        self._commands = command_topics(node, arm)
        self._order = controller_order(node, arm, self._commands)
        self._servo = self._servo_output(own(topics.ACTION_SENT))

    @property
    def arrivals(self) -> PolledSubscription:
        """The leader's subscription, whose messages set ticks."""
        return self._leader.arrivals

    def feed(self, now_ns: int, utc_ns: int) -> None:
        """Give the chain what has arrived since the last tick, with its time of reception."""
        if self._order is not None:
            self._order.poll(now_ns)
        for taken in self._follower.drain():
            receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
            self._newest = sample = taken.message
            self._chain.follower_received(sample, receive_ns)
        for watched in (self._wrench, self._deadman):
            if watched is not None:
                watched.feed(now_ns, utc_ns)
        if self._driver is not None:
            self._driver.feed(now_ns)
        self._leader.feed(now_ns, utc_ns, self._newest)

    def follow_replay(self, replays: bool) -> None:
        """Take a replay in the leader's place, or the leader again.

        Raises:
            ConfigError: the arm's mapping lets no replay speak for its leader, or the arm is
                behind MoveIt Servo.
        """
        if replays and self._servo is not None:
            raise ConfigError(
                f"arm {self.name} is behind MoveIt Servo, which takes twists; a recorded motion of "
                "joints cannot be driven through it"
            )
        if replays and self._replay is None:
            # Kept from then on: the loop may be waiting for it at this moment.
            self._replay = ReplayInput(self._node, self._arm, self._chain)
        leads: LeaderInput | None = self._replay if replays else self._own_leader
        assert leads is not None
        leads.arrivals.forget()  # what came while it did not lead is old
        self._leader = leads

    def order_problem(self, now_ns: int) -> str | None:
        """Why the follower's controller would take commands wrongly; None when it would not."""
        return None if self._order is None else self._order.problem(now_ns)

    @property
    def command_topics(self) -> tuple[str, ...]:
        """Where the follower is commanded."""
        own = tuple(command.topic for command in self._commands)
        return own if self._servo is None else (self._servo.topic, *own)

    def _servo_output(self, sent_topic: str) -> ServoOutput | None:
        """Where twists go instead of joint commands; None on an arm that is commanded itself."""
        follower, leader = self._arm.follower, self._own_leader
        if not isinstance(follower, Ros2ControlFollower) or follower.servo is None:
            return None
        assert isinstance(leader, TwistInput)
        return ServoOutput(
            self._node, follower.servo, follower.command_topic, sent_topic, leader.permitted
        )

    def publish(self, tick: Tick, stamp_ns: int) -> None:
        """Publish what was asked and what is sent, and command the follower."""
        if tick.action_sent is not None:
            sent = JointSample(stamp_ns, self._joints, tick.action_sent)
            # The robot first: records can wait.
            for command in self._commands:
                command.publish(sent, self._period_s)
            if self._servo is None:
                self._sent.publish(joint_state_cdr(sent))
        if self._servo is not None:
            self._servo.publish(tick.state, stamp_ns)
        if tick.action_requested is not None:
            requested = JointSample(stamp_ns, self._joints, tick.action_requested)
            self._requested.publish(joint_state_cdr(requested))


def controller_order(
    node: Node, arm: Arm, commands: Sequence[CommandTopic]
) -> ControllerOrder | None:
    """Watches the controller's joint order where messages carry no names."""
    follower = arm.follower
    if not isinstance(follower, Ros2ControlFollower) or follower.servo is not None:
        return None
    command = commands[0]
    if not command.as_array:
        return None
    return ControllerOrder(node, follower.controller_node, command.joints)
