"""Poses and boxes: the geometry that conditions need."""

import math

import numpy as np

from teleop_collect.rig.config import ObjectInBox, Region
from teleop_collect.samples import FloatArray, Pose

ROUNDING_M = 1e-9
"""Keeps a box's own faces inside it in spite of binary fractions."""


def is_rigid(pose: Pose) -> bool:
    """Whether a pose is finite and its quaternion set."""
    values = (*pose.position_m, *pose.quat_xyzw)
    return all(map(math.isfinite, values)) and math.hypot(*pose.quat_xyzw) > 0.5


def rotation(pose: Pose) -> FloatArray:
    """`world_from_object` as a matrix, shape (3, 3)."""
    quat = np.array(pose.quat_xyzw)
    x, y, z, w = (quat / np.linalg.norm(quat)).tolist()
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def angle_between(one: Pose, other: Pose) -> float:
    """Angle of the rotation from one orientation to the other, rad, 0 to pi."""
    a, b = np.array(one.quat_xyzw), np.array(other.quat_xyzw)
    dot = abs(float(a @ b)) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return 2.0 * math.acos(min(1.0, dot))


def tilt(pose: Pose) -> float:
    """Angle between the object's z axis and up, rad."""
    return math.acos(min(1.0, max(-1.0, float(rotation(pose)[2, 2]))))


def box_center(box: Region | ObjectInBox, carrier: Pose | None) -> FloatArray:
    """Centre of a box in the frame of the poses, m, shape (3,); `carrier` when it is relative."""
    center = np.array(box.center_m)
    if carrier is None:
        return center
    carried: FloatArray = rotation(carrier) @ center + np.array(carrier.position_m)
    return carried


def depth_inside(box: Region | ObjectInBox, carrier: Pose | None, point_m: FloatArray) -> float:
    """How deep a point lies in a box: distance to its nearest face, m; negative outside.

    Args:
        box: the box.
        carrier: pose of the object that the box is relative to; None when it is relative to none.
        point_m: in the frame of the poses, shape (3,).
    """
    if carrier is not None:
        point_m = rotation(carrier).T @ (point_m - np.array(carrier.position_m))
    offset = point_m - np.array(box.center_m)
    yaw = box.yaw_rad if isinstance(box, Region) else 0.0
    if yaw:
        x, y = offset[0], offset[1]
        offset[0] = math.cos(yaw) * x + math.sin(yaw) * y
        offset[1] = math.cos(yaw) * y - math.sin(yaw) * x
    return float((np.array(box.size_m) / 2 - np.abs(offset)).min())
