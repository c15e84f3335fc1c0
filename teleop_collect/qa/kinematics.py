"""Forward kinematics of many configurations at once, from a robot description alone.

Origins and axes of the URDF joints between root and tool are multiplied up; no library is needed,
so checks run wherever the package does. https://wiki.ros.org/urdf/XML/joint
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.urdf import parse_urdf
from teleop_collect.samples import FloatArray

TURNING = ("revolute", "continuous")


@dataclass(frozen=True)
class Link:
    """One joint of the chain: its origin in the parent, then a turn or a shift along its axis."""

    name: str
    type: str
    parent_from_joint: FloatArray
    axis: FloatArray


@dataclass(frozen=True)
class Chain:
    """The joints from the robot's root to one link, root first."""

    links: tuple[Link, ...]

    @classmethod
    def to(cls, description: RobotDescription, frame: str) -> "Chain | None":
        """The chain that ends in `frame`; None when the description has no such link."""
        root = parse_urdf(description.text.encode(), description.path)
        origins = {str(e.get("name")): e for e in root.findall("joint")}
        by_child = {joint.child: joint for joint in description.joints.values()}
        links: list[Link] = []
        try:
            while frame in by_child:
                joint = by_child[frame]
                element = origins[joint.name]
                origin, axis = element.find("origin"), element.find("axis")
                xyz = _numbers(None if origin is None else origin.get("xyz"), (0.0, 0.0, 0.0))
                rpy = _numbers(None if origin is None else origin.get("rpy"), (0.0, 0.0, 0.0))
                along = _numbers(None if axis is None else axis.get("xyz"), (1.0, 0.0, 0.0))
                links.append(Link(joint.name, joint.type, _transform(xyz, rpy), along))
                frame = joint.parent
        except (ConfigError, ValueError):
            return None
        return cls(tuple(reversed(links))) if links else None

    def moved_by(self, names: Collection[str]) -> bool:
        """Whether every moving joint of the chain is among the names."""
        return all(link.name in names for link in self.links if link.type != "fixed")

    def base_from_tool(self, positions: Mapping[str, FloatArray], count: int) -> FloatArray:
        """Poses of the tool in the root's frame, shape (count, 4, 4).

        Args:
            positions: rad or m by joint name, each shape (count,).
            count: configurations.
        """
        pose = np.tile(np.eye(4), (count, 1, 1))
        for link in self.links:
            pose = pose @ link.parent_from_joint
            if link.type in TURNING:
                turn = np.tile(np.eye(4), (count, 1, 1))
                turn[:, :3, :3] = _about(link.axis, positions[link.name])
                pose = pose @ turn
            elif link.type == "prismatic":
                shift = np.tile(np.eye(4), (count, 1, 1))
                shift[:, :3, 3] = link.axis * positions[link.name][:, None]
                pose = pose @ shift
        return pose


def rotations(quat_xyzw: FloatArray) -> FloatArray:
    """Rotation matrices, shape (N, 3, 3), of quaternions, shape (N, 4)."""
    length = np.linalg.norm(quat_xyzw, axis=1, keepdims=True)
    x, y, z, w = (quat_xyzw / np.where(length > 0, length, 1.0)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), 2, 0)


def rotation_angle_rad(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angle between rotations, shape (N,)."""
    trace = np.einsum("nij,nij->n", a, b)
    angle: FloatArray = np.arccos(np.clip((trace - 1) / 2, -1.0, 1.0))
    return angle


def _about(axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Rodrigues' formula: turns about one axis, shape (N, 3, 3)."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    s, c = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    turned: FloatArray = np.eye(3) + s * cross + (1 - c) * (cross @ cross)
    return turned


def _transform(xyz: FloatArray, rpy: FloatArray) -> FloatArray:
    axes = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    turns = [_about(np.array(a), np.array([v]))[0] for a, v in zip(axes, rpy[::-1], strict=True)]
    pose = np.eye(4)
    pose[:3, :3] = turns[0] @ turns[1] @ turns[2]
    pose[:3, 3] = xyz
    return pose


def _numbers(text: str | None, default: tuple[float, float, float]) -> FloatArray:
    values = np.array(default if text is None else [float(word) for word in text.split()])
    if values.shape != (3,) or not np.isfinite(values).all():
        raise ConfigError(f"{text!r} is not three numbers")
    return values
