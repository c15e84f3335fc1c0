"""Checks of one arm of a rig file against its robot description."""

import math
from collections.abc import Iterator

from teleop_collect.rig.config import Arm
from teleop_collect.rig.description import (
    JointBounds,
    RobotDescription,
    effective_limits,
)
from teleop_collect.rig.device_validation import follower_problems, leader_problems
from teleop_collect.rig.problem import Key, Problem, unknown_name
from teleop_collect.rig.safety_validation import safety_problems
from teleop_collect.rig.urdf import MOVING


def arm_problems(arm: Arm, description: RobotDescription, key: Key) -> Iterator[Problem]:
    """What is wrong with one arm.

    Args:
        arm: the arm.
        description: what its URDF says.
        key: where the arm stands in the rig file.
    """
    joint_problems = list(_joint_problems(arm, description, key))
    yield from joint_problems
    if joint_problems:
        return  # everything below speaks of these joints
    if arm.tool_frame not in description.links:
        text = unknown_name("link", description.links, arm.tool_frame)
        yield Problem((*key, "tool_frame"), text)
    if arm.wrench is not None and arm.follower.driver == "sim":
        frame_id = arm.wrench.frame_id
        if frame_id not in description.links:
            text = (
                f"is simulated at a link, but {unknown_name('link', description.links, frame_id)}"
            )
            yield Problem((*key, "wrench", "frame_id"), text)
    yield from _mapping_problems(arm, key)
    yield from leader_problems(arm, key)
    yield from follower_problems(arm, key)
    yield from safety_problems(arm, key)
    limit_problems = list(_limit_problems(arm, description, key))
    yield from limit_problems
    if not limit_problems:
        bounds = effective_limits(arm, description)
        yield from _bounds_problems(bounds, key)
        yield from _home_problems(arm, bounds, key)


def _joint_problems(arm: Arm, description: RobotDescription, key: Key) -> Iterator[Problem]:
    if not arm.joints:
        yield Problem((*key, "joints"), "needs at least one joint")
    for index, name in enumerate(arm.joints):
        where: Key = (*key, "joints", index)
        joint = description.joints.get(name)
        if joint is None:
            text = unknown_name("joint", description.moving_joints(), name)
            yield Problem(where, f"{description.path.name} has {text}")
        elif joint.type not in MOVING:
            yield Problem(where, f"a {joint.type} joint cannot be commanded")
        elif joint.mimic is not None:
            text = f"follows joint '{joint.mimic.joint}' and cannot be commanded itself"
            yield Problem(where, text)
        elif name in arm.joints[:index]:
            yield Problem(where, "is listed twice")


def _mapping_problems(arm: Arm, key: Key) -> Iterator[Problem]:
    for name, mapping in arm.mapping.items():
        where: Key = (*key, "mapping", name)
        if name not in arm.joints:
            yield Problem(where, unknown_name("joint of this arm", arm.joints, name), False)
        if mapping.scale == 0:
            yield Problem((*where, "scale"), "must not be 0: the joint would never move")


def _limit_problems(arm: Arm, description: RobotDescription, key: Key) -> Iterator[Problem]:
    for name, limit in arm.limits.items():
        where: Key = (*key, "limits", name)
        if name not in arm.joints:
            yield Problem(where, unknown_name("joint of this arm", arm.joints, name), False)
            continue
        joint = description.joints[name]
        for end in ("lower", "upper"):
            value = getattr(limit, end)
            if value is not None and not joint.lower <= value <= joint.upper:
                text = f"must be within the URDF's limits {_range(joint.lower, joint.upper)}"
                yield Problem((*where, end), text)
        if limit.velocity is not None and limit.velocity > joint.velocity:
            text = f"must be at most the URDF's velocity limit {joint.velocity:g}"
            yield Problem((*where, "velocity"), text)
        if limit.lower is not None and limit.upper is not None and limit.lower >= limit.upper:
            yield Problem((*where, "lower"), f"must be less than upper ({limit.upper:g})")


def _bounds_problems(bounds: dict[str, JointBounds], key: Key) -> Iterator[Problem]:
    for name, bound in bounds.items():
        if not (math.isfinite(bound.velocity) and bound.velocity > 0):
            text = f"the URDF gives joint '{name}' no speed limit; give one here (rad/s or m/s)"
            yield Problem((*key, "limits", name, "velocity"), text, with_value=False)
        if not bound.lower < bound.upper:
            text = f"limits {_range(bound.lower, bound.upper)} leave the joint no room to move"
            yield Problem((*key, "limits", name), text, with_value=False)


def _home_problems(arm: Arm, bounds: dict[str, JointBounds], key: Key) -> Iterator[Problem]:
    for name in arm.home:
        if name not in arm.joints:
            text = unknown_name("joint of this arm", arm.joints, name)
            yield Problem((*key, "home", name), text, with_value=False)
    for name, bound in bounds.items():
        position = arm.home.get(name, 0.0)
        if not bound.lower <= position <= bound.upper:
            text = f"must be within the joint's limits {_range(bound.lower, bound.upper)}"
            if name not in arm.home:
                text = f"is 0 where the rig file names no value, but {text}"
            yield Problem((*key, "home", name), text, with_value=name in arm.home)


def _range(lower: float, upper: float) -> str:
    if math.isinf(lower) and math.isinf(upper):
        return "(none)"
    return f"{lower:g} to {upper:g}"
