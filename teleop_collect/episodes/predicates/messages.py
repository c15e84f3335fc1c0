"""Decodes the few message types that conditions look at, from their CDR bytes."""

from functools import cache
from typing import Any

from rosbags.typesys import Stores, get_typestore

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import UnreadableError
from teleop_collect.samples import JointSample, Pose, PoseSample, WrenchSample


def pose_of(data: bytes) -> PoseSample:
    """Decode a geometry_msgs/PoseStamped.

    Raises:
        UnreadableError: the bytes are not one.
    """
    message = _message(data, topics.POSE_STAMPED)
    p, q = message.pose.position, message.pose.orientation
    pose = Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w))
    return PoseSample(_stamp_ns(message), message.header.frame_id, pose)


def joints_of(data: bytes) -> JointSample:
    """Decode a sensor_msgs/JointState.

    Raises:
        UnreadableError: the bytes are not one.
    """
    message = _message(data, topics.JOINT_STATE)
    position, velocity = message.position.tolist(), message.velocity.tolist()
    return JointSample(_stamp_ns(message), tuple(message.name), tuple(position), tuple(velocity))


def wrench_of(data: bytes) -> WrenchSample:
    """Decode a geometry_msgs/WrenchStamped.

    Raises:
        UnreadableError: the bytes are not one.
    """
    message = _message(data, topics.WRENCH_STAMPED)
    f, t = message.wrench.force, message.wrench.torque
    frame_id = message.header.frame_id
    return WrenchSample(_stamp_ns(message), frame_id, (f.x, f.y, f.z), (t.x, t.y, t.z))


def _message(data: bytes, message_type: str) -> Any:
    try:
        return _store().deserialize_cdr(data, message_type)
    except Exception as error:
        name = message_type.rpartition("/")[2]
        raise UnreadableError(f"{len(data)} bytes are no {name}: {error}") from None


def _stamp_ns(message: Any) -> int:
    return int(message.header.stamp.sec * NS_PER_S + message.header.stamp.nanosec)


@cache
def _store() -> Any:
    return get_typestore(Stores.ROS2_JAZZY)
