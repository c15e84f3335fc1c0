"""What the drivers tell of each servo, out of their diagnostics."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.drivers_healthy import driver_statuses
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader

SERVO_PREFIX = "servo: "
"""Before the joint's name: a value of a driver's status that is JSON about that joint's servo."""


@dataclass(frozen=True)
class ServoState:
    """One servo as its driver read it when it connected; None is unknown.

    Attributes:
        where: arm, side and joint, in words.
        arm: name of the arm.
        side: leader or follower.
        joint: name of the joint on that side.
        model: such as XL330-M288.
        firmware: version.
        return_delay_us: pause before each answer.
        min_ticks: lowest position that the servo's EEPROM allows.
        max_ticks: highest.
        voltage_v: supply.
        min_voltage_v: lowest that its EEPROM allows.
        max_voltage_v: highest.
        temperature_c: of the motor.
        max_temperature_c: that its EEPROM allows.
        hardware_error: bits of Hardware Error Status.
    """

    where: str
    arm: str
    side: str
    joint: str
    model: str = "unknown"
    firmware: int | None = None
    return_delay_us: float | None = None
    min_ticks: int | None = None
    max_ticks: int | None = None
    voltage_v: float | None = None
    min_voltage_v: float | None = None
    max_voltage_v: float | None = None
    temperature_c: float | None = None
    max_temperature_c: float | None = None
    hardware_error: int | None = None


def servo_states(context: CheckContext) -> tuple[ServoState, ...]:
    """Every servo that a driver of this package told of."""
    statuses = driver_statuses(context).by_name
    found: list[ServoState] = []
    for name, arm in context.rig.arms.items():
        for side, device in (("leader", arm.leader), ("follower", arm.follower)):
            status = statuses.get(f"{side}_arm: {side} {name}")
            if status is not None and isinstance(device, DynamixelLeader | DynamixelFollower):
                found += _servos(name, side, status.values)
    return tuple(found)


def has_servos(context: CheckContext) -> bool:
    """Whether this package drives servos of the rig."""
    devices = [d for arm in context.rig.arms.values() for d in (arm.leader, arm.follower)]
    return any(isinstance(device, DynamixelLeader | DynamixelFollower) for device in devices)


def _servos(arm: str, side: str, values: Mapping[str, str]) -> Iterator[ServoState]:
    for key, text in values.items():
        if not key.startswith(SERVO_PREFIX):
            continue
        joint = key.removeprefix(SERVO_PREFIX)
        yield ServoState(f"{side} of arm '{arm}', {joint}", arm, side, joint, **_known(text))


def _known(text: str) -> dict[str, Any]:
    """The values that a servo's state has; nothing of a text that is no JSON object."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    fields = set(ServoState.__dataclass_fields__) - {"where", "arm", "side", "joint"}
    if not isinstance(value, dict):
        return {}
    good = {k: v for k, v in value.items() if k in fields and isinstance(v, int | float | str)}
    return {k: v for k, v in good.items() if isinstance(v, str) == (k == "model")}
