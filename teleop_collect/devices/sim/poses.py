"""Rigid transforms as 4x4 matrices `target_from_source`, and the two forms that files use."""

import math

import numpy as np

from teleop_collect.rig.config import Mount
from teleop_collect.samples import FloatArray, Pose


def rotation_from_rpy(rpy_rad: tuple[float, float, float]) -> FloatArray:
    """Rotation matrix of roll, pitch and yaw about fixed axes (the URDF convention).

    Args:
        rpy_rad: roll about x, then pitch about y, then yaw about z, all of the fixed frame.

    Returns:
        R = Rz(yaw) Ry(pitch) Rx(roll), shape (3, 3).
    """
    (cr, cp, cy), (sr, sp, sy) = (
        tuple(map(function, rpy_rad)) for function in (math.cos, math.sin)
    )
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def transform(xyz_m: tuple[float, float, float], rpy_rad: tuple[float, float, float]) -> FloatArray:
    """4x4 transform from a translation and fixed-axis roll-pitch-yaw."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_rpy(rpy_rad)
    matrix[:3, 3] = xyz_m
    return matrix


def parent_from_mount(mount: Mount) -> FloatArray:
    """4x4 transform `parent_from_this` of a rig file's mount."""
    return transform(mount.xyz_m, mount.rpy_rad)


def quat_wxyz(rotation: FloatArray) -> FloatArray:
    """Unit quaternion (w, x, y, z), w >= 0, of a rotation matrix of shape (3, 3).

    Shepperd's method: the largest of the four candidates is divided by, so none is near zero.
    """
    r = rotation
    trace = float(np.trace(r))
    candidates = np.array([trace, r[0, 0], r[1, 1], r[2, 2]])
    index = int(np.argmax(candidates))
    if index == 0:
        quat = np.array(
            [1 + trace, r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]], dtype=float
        )
    else:
        i = index - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        quat = np.empty(4)
        quat[0] = r[k, j] - r[j, k]
        quat[1 + i] = 1 + 2 * r[i, i] - trace
        quat[1 + j] = r[j, i] + r[i, j]
        quat[1 + k] = r[k, i] + r[i, k]
    quat /= np.linalg.norm(quat)
    return quat if quat[0] >= 0 else -quat


def pose_of(matrix: FloatArray) -> Pose:
    """The same transform as a `Pose` (position, quaternion xyzw)."""
    w, x, y, z = (float(value) for value in quat_wxyz(matrix[:3, :3]))
    px, py, pz = (float(value) for value in matrix[:3, 3])
    return Pose((px, py, pz), (x, y, z, w))


def yaw_of(pose: Pose) -> float:
    """Rotation about z of a pose, rad, exact when the pose is upright."""
    x, y, z, w = pose.quat_xyzw
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
