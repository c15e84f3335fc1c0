"""What a follower's servo must hold in its EEPROM, compared with what it does hold."""

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.facts import ServoFacts
from teleop_collect.devices.dynamixel.models import CURRENT_MODES, Item, Model, OperatingMode
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.errors import ConfigError, DeviceError
from teleop_collect.rig.description import JointBounds
from teleop_collect.rig.servo_config import Servo

MODES = {
    "position": OperatingMode.POSITION,
    "extended_position": OperatingMode.EXTENDED_POSITION,
    "current_based_position": OperatingMode.CURRENT_BASED_POSITION,
}
"""Names of the rig file."""
TOLERANCE_TICKS = 1.0
REMEDY = "see and write it with: python -m teleop_collect.devices.dynamixel.configure --rig RIG"


def wanted_settings(joint: str, servo: Servo, model: Model) -> dict[Item, int]:
    """What the driver writes itself before it switches torque on.

    Raises:
        ConfigError: the model cannot do what the rig file asks of it.
    """
    mode = MODES[servo.operating_mode]
    if mode in CURRENT_MODES and not model.measures_current:
        raise ConfigError(
            f"joint {joint}: {model.name} (servo {servo.id}) has no current sensor, so "
            f"operating_mode {servo.operating_mode} is not possible; use position"
        )
    wanted = {models.OPERATING_MODE: int(mode)}
    if servo.current_limit_a is not None:
        wanted[models.CURRENT_LIMIT] = models.current_units(model, servo.current_limit_a)
    return wanted


def position_limits(scaling: JointScaling, bounds: JointBounds) -> tuple[float, float]:
    """Servo ticks, not rounded, at a joint's bounds; the lower first."""
    low, high = sorted((scaling.ticks(bounds.lower), scaling.ticks(bounds.upper)))
    return low, high


def check_settings(
    who: str,
    servo: Servo,
    facts: ServoFacts,
    scaling: JointScaling,
    bounds: JointBounds | None,
) -> None:
    """Refuse a servo whose calibration or range is not the rig file's.

    Limits are compared in position control alone: the other modes do not heed them.

    Raises:
        DeviceError: Homing Offset or direction differ, or the servo may go where the rig may not.
    """
    offset, reverse = servo.homing_offset_ticks, bool(facts.drive_mode & models.REVERSE)
    if offset is not None and facts.homing_offset_ticks != offset:
        raise DeviceError(
            f"{who}: Homing Offset (20) is {facts.homing_offset_ticks}, but the rig file says "
            f"{offset}: every position would be off by {facts.homing_offset_ticks - offset} ticks; "
            f"{REMEDY}"
        )
    if servo.reverse is not None and reverse != servo.reverse:
        raise DeviceError(
            f"{who}: Drive Mode (10) says {'reverse' if reverse else 'normal'} rotation, but the "
            f"rig file says reverse: {str(servo.reverse).lower()}; {REMEDY}"
        )
    if bounds is not None and MODES[servo.operating_mode] is OperatingMode.POSITION:
        _check_limits(who, facts, scaling, bounds)


def _check_limits(who: str, facts: ServoFacts, scaling: JointScaling, bounds: JointBounds) -> None:
    low, high = position_limits(scaling, bounds)
    found = facts.min_position_ticks, facts.max_position_ticks
    if found[0] >= low - TOLERANCE_TICKS and found[1] <= high + TOLERANCE_TICKS:
        return
    reach = sorted(scaling.position(ticks) for ticks in found)
    raise DeviceError(
        f"{who}: its position limits (52, 48) are {found[0]} to {found[1]} ticks, so the joint may "
        f"go from {reach[0]:.3f} to {reach[1]:.3f}, but the rig allows {bounds.lower:.3f} to "
        f"{bounds.upper:.3f} ({low:.0f} to {high:.0f} ticks); {REMEDY}"
    )
