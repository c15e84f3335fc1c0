"""Publishes the robot descriptions of a rig's arms, latched, for viewers and the rig check."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rclpy.node import Node
from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import resolve_urdf


def publish_descriptions(node: Node, arms: Mapping[str, Arm], rig_path: Path) -> list[Any]:
    """Publish the URDF of each arm once.

    Args:
        node: publishes.
        arms: those that this node drives.
        rig_path: the rig file, from which URDFs are found.

    Returns:
        The publishers, to be kept: a latched message lives as long as its publisher.
    """
    publishers = []
    for arm in arms.values():
        topic = topics.arm_topic(arm.prefix, topics.ROBOT_DESCRIPTION)
        publisher = node.create_publisher(String, topic, profile(topics.LATCHED_QOS))
        publisher.publish(String(data=resolve_urdf(arm.urdf, rig_path).read_text()))
        publishers.append(publisher)
    return publishers
