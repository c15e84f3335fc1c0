"""Success predicates: did the task work, judged from recorded poses alone."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore

from teleop_collect.errors import UnreadableError
from teleop_collect.rig.config import ObjectInBox
from teleop_collect.samples import FloatArray, Pose, PoseSample
from teleop_collect.topics import POSE_STAMPED

# Keeps the box's own faces inside it in spite of binary fractions.
ROUNDING_M = 1e-9


def needed_objects(success: ObjectInBox) -> tuple[str, ...]:
    """Names of the tracked objects whose poses the predicate reads."""
    return (
        (success.object,)
        if success.relative_to is None
        else (
            success.object,
            success.relative_to,
        )
    )


def evaluate(success: ObjectInBox, poses: Mapping[str, Pose]) -> bool | None:
    """Whether the object's centre lies in the box (its faces included).

    Args:
        success: the predicate.
        poses: `world_from_object` by object name, all in one frame.

    Returns:
        None when a needed pose is missing or not a finite rigid transform.
    """
    pose = poses.get(success.object)
    if pose is None or not _is_rigid(pose):
        return None
    center_m = np.array(pose.position_m)
    if success.relative_to is not None:
        box_pose = poses.get(success.relative_to)
        if box_pose is None or not _is_rigid(box_pose):
            return None
        center_m = _into_frame(box_pose, center_m)
    offset_m = np.abs(center_m - np.array(success.center_m))
    return bool(np.all(offset_m <= np.array(success.size_m) / 2 + ROUNDING_M))


def pose_from_cdr(data: bytes) -> PoseSample:
    """Decode a geometry_msgs/PoseStamped.

    Raises:
        UnreadableError: the bytes are not one.
    """
    try:
        message = _store().deserialize_cdr(data, POSE_STAMPED)
    except Exception as error:
        raise UnreadableError(f"{len(data)} bytes are no PoseStamped: {error}") from None
    stamp, pose = message.header.stamp, message.pose
    p, q = pose.position, pose.orientation
    return PoseSample(
        stamp_ns=stamp.sec * 1_000_000_000 + stamp.nanosec,
        frame_id=message.header.frame_id,
        pose=Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w)),
    )


@cache
def _store() -> Any:
    return get_typestore(Stores.ROS2_JAZZY)


def _is_rigid(pose: Pose) -> bool:
    values = (*pose.position_m, *pose.quat_xyzw)
    return all(map(math.isfinite, values)) and math.hypot(*pose.quat_xyzw) > 0.5


def _into_frame(world_from_box: Pose, point_m: FloatArray) -> FloatArray:
    """Express a world point in the box object's frame: R^T (point - origin)."""
    quat = np.array(world_from_box.quat_xyzw)
    x, y, z, w = quat / np.linalg.norm(quat)
    world_from_box_rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    relative_m: FloatArray = world_from_box_rotation.T @ (
        point_m - np.array(world_from_box.position_m)
    )
    return relative_m
