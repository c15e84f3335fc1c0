"""Whether a live rig is on this ROS domain, so that nothing recorded is mistaken for it."""

from collections.abc import Mapping

from rclpy.node import Node

from teleop_collect import topics
from teleop_collect.errors import BusyError

HARMLESS_LISTENERS = frozenset({"recorder", "rig_check", "rig_client"})
COMMAND_TYPES = frozenset({topics.JOINT_TRAJECTORY, topics.FLOAT64_MULTI_ARRAY})


def refuse_live(node: Node, types: Mapping[str, str]) -> None:
    """Refuse to publish recorded topics beside a rig that publishes them, or to a driver.

    Args:
        node: has had time to discover.
        types: message type by topic that is to be published.

    Raises:
        BusyError: a topic has a publisher already, or a driver listens to a recorded command.
    """
    for topic, type_name in types.items():
        if topic != topics.DIAGNOSTICS and node.count_publishers(topic):
            raise BusyError(
                f"{topic} is being published by a running rig; "
                "stop it or replay on another ROS_DOMAIN_ID"
            )
        if type_name in COMMAND_TYPES:
            _refuse_drivers(node, topic)


def _refuse_drivers(node: Node, topic: str) -> None:
    listeners = {e.node_name for e in node.get_subscriptions_info_by_topic(topic)}
    if drivers := sorted(listeners - HARMLESS_LISTENERS):
        raise BusyError(
            f"{drivers[0]} listens to the recorded command {topic} and would move; "
            "stop it, replay on another ROS_DOMAIN_ID, or leave that topic out"
        )
