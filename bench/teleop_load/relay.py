"""The floor: a plain rclpy node that subscribes, copies and publishes, nothing else.

    python -m teleop_load.relay JOINT_STATES TRAJECTORIES

What the leader says is the follower's command, so the follower has as much to do as behind
teleoperation. It gets the priority that the package's control nodes ask for.
"""

import sys
from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from teleop_collect import topics
from teleop_collect.nodes.qos import profile
from teleop_collect.process import prefer_control


def main() -> None:
    """Entry point."""
    prefer_control()
    rclpy.init(args=[])
    node = rclpy.create_node("relay")
    publisher = node.create_publisher(JointTrajectory, sys.argv[2], profile(topics.COMMAND_QOS))

    def copy(message: JointState) -> None:
        points = [JointTrajectoryPoint(positions=message.position)]
        out = JointTrajectory(joint_names=message.name, points=points)
        out.header = message.header
        publisher.publish(out)

    node.create_subscription(JointState, sys.argv[1], copy, profile(topics.FAST_QOS))
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)


if __name__ == "__main__":
    main()
