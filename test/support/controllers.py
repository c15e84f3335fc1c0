"""A robot behind ros2_control, as far as topics and the controller's parameter go."""

import threading
from collections.abc import Sequence
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.nodes import conversions
from teleop_collect.nodes.qos import profile
from teleop_collect.samples import JointSample


class StandInRobot:
    """Publishes joint states and takes arrays or trajectories; its controller tells its joints.

    Args:
        controller: name of the controller's node.
        order: its parameter `joints`.
        state: joints of the robot and where they stand.
        gripper_topic: topic of the gripper's commands; None without one.
        rate_hz: of the joint states.
    """

    def __init__(
        self,
        controller: str,
        order: Sequence[str],
        state: dict[str, float],
        gripper_topic: str | None,
        rate_hz: float,
    ) -> None:
        self.arrays: list[tuple[float, ...]] = []
        self.gripper: list[tuple[float, ...]] = []
        self.trajectories: list[JointTrajectory] = []
        self._order, self._state, self._clock = tuple(order), dict(state), SystemClock()
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self.node: Any = rclpy.create_node(controller.strip("/"), context=self._context)
        self.node.declare_parameter("joints", list(order))
        self._joints = self.node.create_publisher(
            JointState, "/joint_states", profile(topics.FAST_QOS)
        )
        command = profile(topics.COMMAND_QOS)
        self.node.create_subscription(
            Float64MultiArray, f"{controller}/commands", self._on_array, command
        )
        self.node.create_subscription(
            JointTrajectory, f"{controller}/joint_trajectory", self._on_trajectory, command
        )
        if gripper_topic is not None:
            self.node.create_subscription(
                Float64MultiArray, gripper_topic, self._on_gripper, command
            )
        self.node.create_timer(1.0 / rate_hz, self._publish)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def reorder(self, order: Sequence[str]) -> None:
        """Another order, as after a restart with another configuration."""
        self.node.set_parameters([rclpy.Parameter("joints", value=list(order))])

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def _on_array(self, message: Float64MultiArray) -> None:
        self.arrays.append(tuple(message.data))
        self._state |= dict(zip(self._order, message.data, strict=True))

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self.trajectories.append(message)
        self._state |= dict(zip(message.joint_names, message.points[-1].positions, strict=True))

    def _on_gripper(self, message: Float64MultiArray) -> None:
        self.gripper.append(tuple(message.data))

    def _publish(self) -> None:
        sample = JointSample(self._clock.utc_ns(), tuple(self._state), tuple(self._state.values()))
        self._joints.publish(conversions.joint_state(sample))

    def close(self) -> None:
        """End the robot."""
        self._executor.shutdown(timeout_sec=1.0)
        self._thread.join(timeout=2.0)
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)
