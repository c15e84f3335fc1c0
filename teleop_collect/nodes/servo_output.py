"""An arm behind MoveIt Servo: the operator's twist goes out, Servo's joint commands come back."""

from collections.abc import Callable

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.follower_config import MoveItServo
from teleop_collect.samples import JointSample, TwistSample
from teleop_collect.teleop.state import TeleopState


class ServoOutput:
    """Forwards twists while the arm is engaged, zero twists while it is held.

    Servo's own time-out stops the arm when this process dies. While disarmed nothing is sent, so
    that other clients of Servo are left alone.

    Args:
        node: publishes and subscribes.
        servo: the rig file's section.
        command_topic: where Servo commands the arm.
        sent_topic: where what Servo sent is published as the action sent.
        permitted: the twist that may be acted on at a time (UTC ns).
    """

    def __init__(
        self,
        node: Node,
        servo: MoveItServo,
        command_topic: str,
        sent_topic: str,
        permitted: Callable[[int], TwistSample],
    ) -> None:
        self.topic = servo.twist_topic
        self._permitted = permitted
        self._state = TeleopState.DISARMED
        qos = profile(topics.FAST_QOS)
        self._twists = node.create_publisher(TwistStamped, servo.twist_topic, qos)
        self._commands = PolledSubscription(node, JointTrajectory, command_topic, qos)
        self._sent = node.create_publisher(JointState, sent_topic, qos)

    def publish(self, state: TeleopState, stamp_ns: int) -> None:
        """Send this tick's twist, and tell what Servo has sent since the last one."""
        before, self._state = self._state, state
        if state is not TeleopState.DISARMED or before is not TeleopState.DISARMED:
            twist = self._permitted(stamp_ns)
            if state is not TeleopState.ENGAGED:
                twist = TwistSample(stamp_ns, twist.frame_id, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
            self._twists.publish(conversions.twist_stamped(twist))
        for taken in self._commands.drain():
            positions = conversions.commanded_positions(taken.message)
            if positions:
                stamp = conversions.stamp_ns(taken.message.header.stamp) or taken.source_ns
                sample = JointSample(stamp, tuple(positions), tuple(positions.values()))
                self._sent.publish(conversions.joint_state(sample))
