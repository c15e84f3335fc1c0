"""The functions of the language: what they take and what they measure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from teleop_collect.rig.predicates.units import Dimension


class Kind(StrEnum):
    """What an argument names."""

    OBJECT = "object"
    REGION = "region"
    PLACE = "object or region"
    JOINT = "joint"
    ARM = "arm"


class Result(StrEnum):
    """What a function gives where that is no fixed dimension."""

    TRUTH = "true or false"
    JOINT_POSITION = "rad or m, by the joint"
    JOINT_SPEED = "rad/s or m/s, by the joint"


@dataclass(frozen=True)
class Function:
    """One function.

    Attributes:
        parameters: kinds of its arguments. A last `ARM` may be left out on a rig with one arm.
        result: what it gives.
        meaning: one line for documentation and messages.
    """

    parameters: tuple[Kind, ...]
    result: Dimension | Result
    meaning: str


_LENGTH, _ANGLE = Dimension.LENGTH, Dimension.ANGLE
_OBJECT, _PLACE, _JOINT, _ARM = Kind.OBJECT, Kind.PLACE, Kind.JOINT, Kind.ARM

FUNCTIONS: Mapping[str, Function] = {
    "height": Function((_OBJECT,), _LENGTH, "z of the object's centre"),
    "height_above": Function(
        (_OBJECT, _PLACE),
        _LENGTH,
        "z of the object's centre over another object's centre, or over the top of a region",
    ),
    "rise": Function((_OBJECT,), _LENGTH, "height gained since the start of the episode"),
    "moved": Function((_OBJECT,), _LENGTH, "distance from where the object was at the start"),
    "distance": Function((_OBJECT, _PLACE), _LENGTH, "from centre to centre"),
    "distance_xy": Function((_OBJECT, _PLACE), _LENGTH, "from centre to centre, heights aside"),
    "turned": Function((_OBJECT,), _ANGLE, "angle from the object's orientation at the start"),
    "tilt": Function((_OBJECT,), _ANGLE, "angle between the object's z axis and up"),
    "joint": Function((_JOINT, _ARM), Result.JOINT_POSITION, "measured position of a joint"),
    "joint_change": Function(
        (_JOINT, _ARM), Result.JOINT_POSITION, "measured position minus that at the start"
    ),
    "joint_speed": Function((_JOINT, _ARM), Result.JOINT_SPEED, "measured speed, without sign"),
    "gripper": Function((_ARM,), Result.JOINT_POSITION, "measured position of the gripper joint"),
    "gripper_gap": Function(
        (_ARM,),
        Result.JOINT_POSITION,
        "how far the gripper, at rest, stands from where it was sent; 0 while it moves",
    ),
    "force": Function((_ARM,), Dimension.FORCE, "magnitude of the wrench sensor's force"),
    "torque": Function((_ARM,), Dimension.TORQUE, "magnitude of the wrench sensor's torque"),
    "time": Function((), Dimension.TIME, "since the start of the episode"),
    "inside": Function(
        (_OBJECT, Kind.REGION), Result.TRUTH, "the object's centre lies in the region"
    ),
    "grasping": Function(
        (_ARM,), Result.TRUTH, "the gripper rests on something that keeps it from closing"
    ),
}
