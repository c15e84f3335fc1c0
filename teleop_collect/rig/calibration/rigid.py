"""Rigid transforms as 4x4 matrices `target_from_source`, and distances between them."""

import math

import numpy as np

from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.values import RigidTransform
from teleop_collect.rig.section import Mount
from teleop_collect.samples import FloatArray


def from_vector(vector: FloatArray) -> FloatArray:
    """4x4 transform of a rotation vector (rad) and a translation (m), shape (6,)."""
    matrix = np.eye(4)
    matrix[:3, :3] = import_cv2().Rodrigues(np.asarray(vector[:3], dtype=float))[0]
    matrix[:3, 3] = vector[3:]
    return matrix


def to_vector(matrix: FloatArray) -> FloatArray:
    """Rotation vector and translation, shape (6,), of a 4x4 transform."""
    rotation = import_cv2().Rodrigues(matrix[:3, :3])[0].ravel()
    return np.concatenate([rotation, matrix[:3, 3]])


def inverse(matrix: FloatArray) -> FloatArray:
    """`source_from_target` of `target_from_source`."""
    result = np.eye(4)
    result[:3, :3] = matrix[:3, :3].T
    result[:3, 3] = -matrix[:3, :3].T @ matrix[:3, 3]
    return result


def distance(a: FloatArray, b: FloatArray) -> tuple[float, float]:
    """How far two transforms lie apart: m, and rad of the rotation between them."""
    turn = float(np.linalg.norm(to_vector(inverse(a) @ b)[:3]))
    return float(np.linalg.norm(a[:3, 3] - b[:3, 3])), turn


def from_rigid(transform: RigidTransform) -> FloatArray:
    """4x4 matrix of a transform as calibration files hold it."""
    x, y, z, w = np.array(transform.quat_xyzw) / np.linalg.norm(transform.quat_xyzw)
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, 3] = transform.position_m
    return matrix


def to_rigid(matrix: FloatArray) -> RigidTransform:
    """A 4x4 matrix as calibration files hold it."""
    vector = to_vector(matrix)[:3]
    angle = float(np.linalg.norm(vector))
    axis = vector / angle if angle > 0 else np.array([1.0, 0.0, 0.0])
    x, y, z = (float(v) for v in math.sin(angle / 2) * axis)
    px, py, pz = (float(v) for v in matrix[:3, 3])
    return RigidTransform(position_m=(px, py, pz), quat_xyzw=(x, y, z, math.cos(angle / 2)))


def from_mount(mount: Mount) -> FloatArray:
    """4x4 `parent_from_this` of a rig file's mount: Rz(yaw) Ry(pitch) Rx(roll)."""
    axes = np.eye(3)
    matrix = np.eye(4)
    for axis, angle in zip(axes, mount.rpy_rad, strict=True):
        turn = from_vector(np.concatenate([axis * angle, np.zeros(3)]))
        matrix = turn @ matrix
    matrix[:3, 3] = mount.xyz_m
    return matrix
