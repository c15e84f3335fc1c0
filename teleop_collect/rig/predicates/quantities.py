"""Checks calls against the names of a rig, and says what values measure."""

from collections.abc import Sequence

from teleop_collect.errors import ConfigError
from teleop_collect.rig.predicates.functions import FUNCTIONS, Function, Kind, Result
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.syntax import Call, Quantity
from teleop_collect.rig.predicates.units import Dimension
from teleop_collect.rig.problem import unknown_name

AnyOf = tuple[Dimension, ...]
"""Several dimensions are possible: no robot description tells which."""
_POSITIONS: AnyOf = (Dimension.ANGLE, Dimension.LENGTH)
GRIPPER_FUNCTIONS = ("gripper", "gripper_gap")
_SPEED_OF = {
    Dimension.ANGLE: Dimension.ANGULAR_SPEED,
    Dimension.LENGTH: Dimension.SPEED,
}


def resolved_call(function: str, arguments: Sequence[str], names: Names) -> Call:
    """A call with all its arguments, every one of which exists.

    Raises:
        ConfigError: wrong number of arguments, or an unknown name; the message lists the valid.
    """
    known = FUNCTIONS[function]
    given = list(arguments)
    if known.parameters and known.parameters[-1] is Kind.ARM:
        given = _with_arm(function, known, given, names)
    if len(given) != len(known.parameters):
        signature = ", ".join(kind.value for kind in known.parameters)
        raise ConfigError(f"{function}({signature}) takes {len(known.parameters)} names")
    # The arm stands last and says which joints there are.
    for kind, name in reversed(list(zip(known.parameters, given, strict=True))):
        if name not in (choices := _choices(kind, given, names)):
            raise ConfigError(f"'{name}': {unknown_name(kind.value, choices, name)}")
    _check_sensors(function, given, names)
    return Call(function, tuple(given))


def dimension_of(value: Quantity | Call, names: Names) -> AnyOf | Dimension:
    """What a value measures, which is no function that is true or false."""
    if isinstance(value, Quantity):
        return value.dimension
    result = FUNCTIONS[value.function].result
    if isinstance(result, Dimension):
        return result
    arm = value.arguments[-1]
    joint = names.gripper(arm) if value.function in GRIPPER_FUNCTIONS else value.arguments[0]
    position = names.joints[arm].get(str(joint))
    possible = _POSITIONS if position is None else (position,)
    if result is Result.JOINT_SPEED:
        possible = tuple(_SPEED_OF[dimension] for dimension in possible)
    return possible[0] if len(possible) == 1 else possible


def _with_arm(function: str, known: Function, given: list[str], names: Names) -> list[str]:
    if len(given) != len(known.parameters) - 1:
        return given
    if len(names.joints) > 1:
        arms = ", ".join(sorted(names.joints))
        raise ConfigError(f"{function}() needs the arm as its last name (known: {arms})")
    return [*given, *names.joints]


def _choices(kind: Kind, given: Sequence[str], names: Names) -> frozenset[str]:
    if kind is Kind.JOINT:
        return frozenset(names.joints.get(given[-1], {}))
    return {
        Kind.OBJECT: names.objects,
        Kind.REGION: names.regions,
        Kind.PLACE: names.objects | names.regions,
        Kind.ARM: frozenset(names.joints),
    }[kind]


def _check_sensors(function: str, given: Sequence[str], names: Names) -> None:
    if function in ("force", "torque") and given[-1] not in names.with_wrench:
        with_one = ", ".join(sorted(names.with_wrench)) or "no arm"
        raise ConfigError(f"arm '{given[-1]}' has no wrench sensor ({with_one} has one)")
    if function in (*GRIPPER_FUNCTIONS, "grasping") and names.gripper(given[-1]) is None:
        joints = ", ".join(names.joints[given[-1]])
        raise ConfigError(
            f"arm '{given[-1]}' has not exactly one joint with 'gripper' in its name; "
            f"use joint() (known: {joints})"
        )
