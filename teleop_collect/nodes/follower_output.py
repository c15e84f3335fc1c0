"""Commands to an arm's follower, as its driver or its controllers take them."""

from collections.abc import Iterator
from typing import Any

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.nodes import conversions
from teleop_collect.nodes.cdr_layout import trajectory_cdr
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.config import Arm, Ros2ControlFollower
from teleop_collect.samples import JointSample


class CommandTopic:
    """One controller's topic and the joints that go to it, in the array's order."""

    def __init__(
        self, node: Node, topic: str, joints: tuple[str, ...], *, as_array: bool, stamped: bool
    ) -> None:
        self.topic = topic
        self.joints = joints
        self.as_array = as_array
        self._stamped = stamped
        self._node = node
        kind: Any = Float64MultiArray if as_array else JointTrajectory
        self._publisher = node.create_publisher(kind, topic, profile(topics.COMMAND_QOS))

    def publish(self, sent: JointSample, period_s: float) -> None:
        """Publish this controller's share of a command.

        Args:
            sent: all joints of the arm.
            period_s: time until the next command.
        """
        positions = sent.by_name()
        stamp_ns = sent.stamp_ns if self._stamped else 0
        share = JointSample(stamp_ns, self.joints, tuple(positions[j] for j in self.joints))
        if self.as_array:
            self._publisher.publish(conversions.position_array(share))
        else:
            self._publisher.publish(trajectory_cdr(share, period_s))

    def close(self) -> None:
        """Give the topic up."""
        self._node.destroy_publisher(self._publisher)


def command_topics(node: Node, arm: Arm) -> tuple[CommandTopic, ...]:
    """Everything that commands the arm's follower: the arm itself, then its gripper if apart.

    Behind MoveIt Servo the gripper alone: Servo commands the arm.
    """
    return tuple(_command_topics(node, arm))


def _command_topics(node: Node, arm: Arm) -> Iterator[CommandTopic]:
    follower = arm.follower
    as_array = follower.command == "forward_position"
    # joint_trajectory_controller drops a trajectory whose stamp has passed; 0 means at once.
    stamped = not isinstance(follower, Ros2ControlFollower)
    joints = arm_joints(arm)
    if not isinstance(follower, Ros2ControlFollower) or follower.servo is None:
        topic = follower.command_topic
        yield CommandTopic(node, topic, joints, as_array=as_array, stamped=stamped)
    if isinstance(follower, Ros2ControlFollower) and (gripper := follower.gripper) is not None:
        as_array = gripper.type == "float64_multi_array"
        joints = (gripper.joint,)
        yield CommandTopic(node, gripper.topic, joints, as_array=as_array, stamped=False)


def arm_joints(arm: Arm) -> tuple[str, ...]:
    """The joints that the arm's own controller takes, in the rig file's order."""
    follower = arm.follower
    gripper = follower.gripper if isinstance(follower, Ros2ControlFollower) else None
    return tuple(j for j in arm.joints if gripper is None or j != gripper.joint)
