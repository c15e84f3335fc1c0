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


def offered_by(endpoints: Sequence[Any], depth: int) -> list[Qos]:
    """What each publisher (rclpy TopicEndpointInfo) offers; discovery does not tell its depth."""
    return [
        Qos(
            depth=depth,
            reliable=endpoint.qos_profile.reliability == ReliabilityPolicy.RELIABLE,
            latched=endpoint.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL,
        )
        for endpoint in endpoints
    ]


def adapted(endpoints: Sequence[Any], depth: int) -> Qos:
    """The strongest QoS that every one of `endpoints` (TopicEndpointInfo of publishers) can serve.

    As rosbag2 does: reliable only if all publishers are, latched only if all are.
    """
    offered = offered_by(endpoints, depth)
    return Qos(
        depth=depth,
        reliable=all(qos.reliable for qos in offered),
        latched=all(qos.latched for qos in offered),
    )
