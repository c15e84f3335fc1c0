"""Shows, and writes on demand, what the servos of a rig must hold in their EEPROM.

`python -m teleop_collect.devices.dynamixel.configure --rig RIG [--arm ARM] [--write]`. Without
`--write` nothing is changed. Stop every other driver of the port first.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.attempts import insistently
from teleop_collect.devices.dynamixel.facts import ServoFacts, read_facts
from teleop_collect.devices.dynamixel.models import Item, OperatingMode
from teleop_collect.devices.dynamixel.port import BusPort
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.devices.dynamixel.settings import position_limits, wanted_settings
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD, ConfigError, DeviceError, TeleopCollectError
from teleop_collect.rig.config import Arm, DynamixelFollower, DynamixelLeader
from teleop_collect.rig.description import JointBounds, descriptions_of, effective_limits
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.runtime import device_path
from teleop_collect.rig.servo_config import Servo

NAMES = {
    models.RETURN_DELAY_TIME: "Return Delay Time (9)",
    models.DRIVE_MODE: "Drive Mode (10)",
    models.OPERATING_MODE: "Operating Mode (11)",
    models.HOMING_OFFSET: "Homing Offset (20)",
    models.CURRENT_LIMIT: "Current Limit (38)",
    models.MAX_POSITION_LIMIT: "Max Position Limit (48)",
    models.MIN_POSITION_LIMIT: "Min Position Limit (52)",
}


@dataclass(frozen=True)
class Difference:
    """One register that is not as the rig file wants it."""

    item: Item
    found: int
    wanted: int

    def __str__(self) -> str:
        return f"{NAMES[self.item]}: {self.found} -> {self.wanted}"


def differences(
    joint: str, servo: Servo, facts: ServoFacts, bounds: JointBounds | None, *, follower: bool
) -> list[Difference]:
    """Registers of one servo that are not as the rig file wants them.

    Args:
        joint: its joint.
        servo: its part of the rig file.
        facts: what it holds.
        bounds: where the rig lets the joint go; None leaves the position limits alone.
        follower: whether it drives a follower; a leader's modes and limits do not matter.

    Raises:
        ConfigError: the model cannot do what the rig file asks of it.
    """
    wanted: dict[Item, int] = {models.RETURN_DELAY_TIME: 0}
    if servo.homing_offset_ticks is not None:
        wanted[models.HOMING_OFFSET] = servo.homing_offset_ticks
    if servo.reverse is not None:
        other_bits = facts.drive_mode & ~models.REVERSE
        wanted[models.DRIVE_MODE] = other_bits | (models.REVERSE if servo.reverse else 0)
    if follower:
        wanted |= wanted_settings(joint, servo, models.model_by_name(servo.model))
        if wanted[models.OPERATING_MODE] == OperatingMode.POSITION and bounds is not None:
            wanted |= _limits(JointScaling.from_servo(joint, servo), bounds)
    found = _found(facts)
    return [Difference(i, found[i], value) for i, value in wanted.items() if found[i] != value]


def _limits(scaling: JointScaling, bounds: JointBounds) -> dict[Item, int]:
    low, high = position_limits(scaling, bounds)
    if not (math.isfinite(low) and math.isfinite(high)):
        return {}
    last = models.TICKS_PER_REVOLUTION - 1
    return {
        models.MIN_POSITION_LIMIT: max(0, math.ceil(low)),
        models.MAX_POSITION_LIMIT: min(last, math.floor(high)),
    }


def _found(facts: ServoFacts) -> dict[Item, int]:
    return {
        models.RETURN_DELAY_TIME: round(facts.return_delay_s / models.RETURN_DELAY_UNIT_S),
        models.DRIVE_MODE: facts.drive_mode,
        models.OPERATING_MODE: facts.operating_mode,
        models.HOMING_OFFSET: facts.homing_offset_ticks,
        models.CURRENT_LIMIT: facts.current_limit_units,
        models.MAX_POSITION_LIMIT: facts.max_position_ticks,
        models.MIN_POSITION_LIMIT: facts.min_position_ticks,
    }


def configure(
    section: DynamixelLeader | DynamixelFollower,
    bounds: Mapping[str, JointBounds],
    *,
    write: bool,
    release: bool = False,
) -> Iterator[str]:
    """Compare (and with `write` correct) every servo of one bus; one line for each difference.

    Args:
        section: leader or follower of the rig file.
        bounds: of the follower's joints.
        write: whether to write what differs.
        release: whether torque may be switched off for it; the arm may fall.

    Raises:
        DeviceError: a servo does not answer, is another model, or has torque on and must not be
            released.
    """
    follower = isinstance(section, DynamixelFollower)
    port = BusPort(str(device_path(section.port)), section.baud)
    port.open()
    try:
        for joint, servo in section.servos.items():
            facts = insistently(partial(read_facts, port, servo.id))
            who = f"servo {servo.id} ({joint})"
            _check_model(who, servo, facts)
            found = differences(joint, servo, facts, bounds.get(joint), follower=follower)
            if write and found:
                _write(port, who, servo.id, facts, found, release)
            for difference in found:
                yield f"{section.port} {who}: {difference}{' written' if write else ''}"
    finally:
        port.close()


def _check_model(who: str, servo: Servo, facts: ServoFacts) -> None:
    if facts.model_number != models.model_by_name(servo.model).number:
        raise DeviceError(
            f"{who} is a {models.model_name(facts.model_number)}, but the rig file says "
            f"{servo.model}; correct the rig file or the servo's id"
        )


def _write(
    port: BusPort,
    who: str,
    servo_id: int,
    facts: ServoFacts,
    found: Sequence[Difference],
    release: bool,
) -> None:
    if facts.health.torque and not release:
        raise DeviceError(
            f"{who} has torque on, and its EEPROM can only be written without; support the arm, "
            "then add --release"
        )
    insistently(partial(port.write, servo_id, models.TORQUE_ENABLE, 0))
    for difference in found:
        insistently(partial(port.write, servo_id, difference.item, difference.wanted))


def _run(arguments: argparse.Namespace) -> int:
    loaded = load_rig(arguments.rig)
    arms = loaded.rig.arms
    if arguments.arm is not None and arguments.arm not in arms:
        raise ConfigError(f"no arm {arguments.arm!r} in this rig; it has {', '.join(arms)}")
    descriptions = descriptions_of(loaded.rig, loaded.path)
    count = 0
    for name, arm in arms.items():
        if arguments.arm not in (None, name):
            continue
        bounds = effective_limits(arm, descriptions[name])
        for section in _sections(arm):
            options = {"write": arguments.write, "release": arguments.release}
            for line in configure(section, bounds, **options):
                print(f"{name}: {line}")
                count += 1
    if not count:
        print("all servos are as the rig file wants them")
    elif not arguments.write:
        print(f"{count} differences; run again with --write to write them")
    return EXIT_BAD if count and not arguments.write else EXIT_GOOD


def _sections(arm: Arm) -> Iterator[DynamixelLeader | DynamixelFollower]:
    if isinstance(arm.leader, DynamixelLeader):
        yield arm.leader
    if isinstance(arm.follower, DynamixelFollower):
        yield arm.follower


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point.

    Returns:
        The exit code: 0 nothing differs (any more), 1 something does, 2 it cannot be found out.
    """
    parser = argparse.ArgumentParser(
        prog="python -m teleop_collect.devices.dynamixel.configure",
        description="Compare the EEPROM of a rig's Dynamixel servos with the rig file.",
        epilog="Example: python -m teleop_collect.devices.dynamixel.configure --rig koch --write",
    )
    parser.add_argument("--rig", required=True, help="name or path of the rig file")
    parser.add_argument("--arm", help="only this arm")
    parser.add_argument("--write", action="store_true", help="write what differs")
    parser.add_argument("--release", action="store_true", help="with --write: torque off first")
    try:
        return _run(parser.parse_args(argv))
    except TeleopCollectError as error:
        print(f"configure: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
