"""Quality of service: from the topic table to rclpy, and from publishers to a matching reader."""

from collections.abc import Sequence
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from teleop_collect.topics import Qos


def profile(qos: Qos, depth: int | None = None) -> QoSProfile:
    """The rclpy profile of a topic's QoS.

    Args:
        qos: the topic's entry in the table.
        depth: queue depth in messages instead of the table's.
    """
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=qos.depth if depth is None else depth,
        reliability=ReliabilityPolicy.RELIABLE if qos.reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if qos.latched else DurabilityPolicy.VOLATILE,
    )


def adapted(endpoints: Sequence[Any], depth: int) -> Qos:
    """The strongest QoS that every one of `endpoints` (TopicEndpointInfo of publishers) can serve.

    As rosbag2 does: reliable only if all publishers are, latched only if all are.
    """
    profiles = [endpoint.qos_profile for endpoint in endpoints]
    return Qos(
        depth=depth,
        reliable=all(p.reliability == ReliabilityPolicy.RELIABLE for p in profiles),
        latched=all(p.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in profiles),
    )
