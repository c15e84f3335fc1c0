"""The functions of the language: from readings to a number; NaN when it is unknown."""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from teleop_collect.episodes.predicates.geometry import (
    angle_between,
    box_center,
    depth_inside,
    tilt,
)
from teleop_collect.episodes.predicates.readings import UNKNOWN, Readings
from teleop_collect.rig.config import ObjectInBox, Region
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.syntax import Call
from teleop_collect.rig.predicates.units import Dimension
from teleop_collect.samples import FloatArray, Pose

START_WINDOW_S = 1.0
"""What is unknown for longer has no known start, and so no change since the start."""
GRASP_GAP = {Dimension.LENGTH: 0.002, Dimension.ANGLE: 0.05}
"""From how far off (m or rad) a resting gripper must be held up: several times the error of a
position servo that nothing resists."""
GRASP_SPEED = {Dimension.LENGTH: 0.01, Dimension.ANGLE: 0.25}
"""A gripper that moves faster (m/s or rad/s) is not held up by anything."""

Measure = Callable[[Readings], float]
T = TypeVar("T")
Boxes = Mapping[str, Region | ObjectInBox]


def measure_of(call: Call, names_known: Names, boxes: Boxes) -> Measure:
    """The function behind a call; those that refer to the start keep it from then on.

    Of a function that is true or false, the number from 0 on which it is true.

    Args:
        call: resolved.
        names_known: tell which joint is the gripper, and whether it turns.
        boxes: by name.
    """
    names = call.arguments
    match call.function:
        case "time":
            return lambda readings: readings.t_s
        case "height":
            return lambda readings: _xyz(readings, names[0])[2]
        case "height_above" | "distance" | "distance_xy":
            return lambda readings: _between(call.function, readings, names, boxes)
        case "rise":
            return _since_start(lambda r: _known_pose(r, names[0]), _risen)
        case "moved":
            return _since_start(lambda r: _known_pose(r, names[0]), _moved)
        case "turned":
            return _since_start(lambda r: _known_pose(r, names[0]), angle_between)
        case "tilt":
            return lambda readings: _tilted(readings, names[0])
        case "inside":
            return lambda readings: _depth(readings, names[0], boxes[names[1]])
        case _:
            return _arm_measure(call, names_known)


def _arm_measure(call: Call, known: Names) -> Measure:
    arm = call.arguments[-1]
    joint = call.arguments[0]
    match call.function:
        case "joint":
            return lambda readings: readings.position(arm, joint)
        case "joint_change":
            return _since_start(lambda r: _known(r.position(arm, joint)), lambda a, b: b - a)
        case "joint_speed":
            return lambda readings: abs(readings.velocity(arm, joint))
        case "gripper":
            gripper = str(known.gripper(arm))
            return lambda readings: readings.position(arm, gripper)
        case "gripper_gap":
            return lambda readings: _gripper_gap(readings, arm, known)
        case "grasping":
            return lambda readings: _gripper_gap(readings, arm, known) - _needed_gap(arm, known)
        case "force":
            return lambda readings: _magnitude(readings, arm, "force_n")
        case _:
            return lambda readings: _magnitude(readings, arm, "torque_nm")


def _since_start(now: Callable[[Readings], T | None], change: Callable[[T, T], float]) -> Measure:
    start: list[T] = []

    def measure(readings: Readings) -> float:
        found = now(readings)
        if found is not None and not start and readings.t_s <= START_WINDOW_S:
            start.append(found)
        return UNKNOWN if found is None or not start else change(start[0], found)

    return measure


def _known_pose(readings: Readings, name: str) -> Pose | None:
    found = readings.pose(name)
    return None if found is None else found[0]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _xyz(readings: Readings, name: str) -> FloatArray:
    pose = _known_pose(readings, name)
    return np.full(3, UNKNOWN) if pose is None else np.array(pose.position_m)


def _risen(start: Pose, now: Pose) -> float:
    return now.position_m[2] - start.position_m[2]


def _moved(start: Pose, now: Pose) -> float:
    return math.dist(start.position_m, now.position_m)


def _tilted(readings: Readings, name: str) -> float:
    pose = _known_pose(readings, name)
    return UNKNOWN if pose is None else tilt(pose)


def _between(function: str, readings: Readings, names: tuple[str, ...], boxes: Boxes) -> float:
    one, box = readings.pose(names[0]), boxes.get(names[1])
    other = _box_place(readings, box) if box else readings.pose(names[1])
    if one is None or other is None or (other[1] and one[1] != other[1]):
        return UNKNOWN
    offset = np.array(one[0].position_m) - np.array(other[0].position_m)
    if function == "height_above":
        return float(offset[2]) - (box.size_m[2] / 2 if box else 0.0)
    return float(np.linalg.norm(offset if function == "distance" else offset[:2]))


def _box_place(readings: Readings, box: Region | ObjectInBox) -> tuple[Pose, str] | None:
    """Centre of a box; it is at home in every frame when it is relative to no object."""
    carrier = None if box.relative_to is None else readings.pose(box.relative_to)
    if box.relative_to is not None and carrier is None:
        return None
    x, y, z = box_center(box, None if carrier is None else carrier[0]).tolist()
    return Pose((x, y, z)), "" if carrier is None else carrier[1]


def _depth(readings: Readings, name: str, box: Region | ObjectInBox) -> float:
    found = readings.pose(name)
    if found is None:
        return UNKNOWN
    point = np.array(found[0].position_m)
    if box.relative_to is None:
        return depth_inside(box, None, point)
    carrier = readings.pose(box.relative_to)
    if carrier is None or carrier[1] != found[1]:
        return UNKNOWN
    return depth_inside(box, carrier[0], point)


def _magnitude(readings: Readings, arm: str, field: str) -> float:
    wrench = readings.wrench(arm)
    value = UNKNOWN if wrench is None else math.hypot(*getattr(wrench, field))
    return value if math.isfinite(value) else UNKNOWN


def _gripper_gap(readings: Readings, arm: str, known: Names) -> float:
    """How far the resting gripper stands from where it was sent; 0 while it moves."""
    gripper = str(known.gripper(arm))
    dimension = known.joints[arm][gripper]
    measured = readings.position(arm, gripper)
    asked = readings.position(arm, gripper, asked=True)
    if dimension is None:
        return UNKNOWN
    speed = readings.velocity(arm, gripper)
    moves = not math.isnan(speed) and abs(speed) > GRASP_SPEED[dimension]
    gap = abs(measured - asked)
    return 0.0 if moves and not math.isnan(gap) else gap


def _needed_gap(arm: str, known: Names) -> float:
    dimension = known.joints[arm][str(known.gripper(arm))]
    return UNKNOWN if dimension is None else GRASP_GAP[dimension]
