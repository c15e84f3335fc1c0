"""Emulated buses as a rig file describes them."""

import math
from collections.abc import Mapping

from teleop_collect.devices.bus_emulator.bus import Bus
from teleop_collect.devices.bus_emulator.hand import Hand
from teleop_collect.devices.bus_emulator.servo import FIRMWARE, EmulatedServo, Shaft, ShaftState
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.models import model_by_name
from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.rig.config import Arm, DynamixelFollower, DynamixelLeader, JointMapping
from teleop_collect.rig.description import JointBounds
from teleop_collect.rig.servo_config import Servo


def rest_pose(arm: Arm, leader: DynamixelLeader) -> dict[str, float]:
    """Leader joints at which the mapping puts the follower at home; 0 for unmapped ones."""
    pose = dict.fromkeys(leader.servos, 0.0)
    for joint in arm.joints:
        mapping = arm.mapping.get(joint, JointMapping())
        leader_joint = mapping.leader_joint or joint
        if leader_joint in pose and mapping.scale != 0:
            home = arm.home.get(joint, 0.0)
            pose[leader_joint] = (home - mapping.offset) / (mapping.sign * mapping.scale)
    return pose


def misplaced(leader: DynamixelLeader, off_rad: Mapping[str, float]) -> DynamixelLeader:
    """The leader as it is built, when its servos sit `off_rad` from the zeros that are stated."""
    servos = {
        joint: servo.model_copy(update={"zero_rad": servo.zero_rad + off_rad.get(joint, 0.0)})
        for joint, servo in leader.servos.items()
    }
    return leader.model_copy(update={"servos": servos})


def shaft_of(joint: str, hand: Hand, scaling: JointScaling) -> Shaft:
    """A servo's shaft as the hand holds it."""

    def state(at_ns: int) -> ShaftState:
        position, velocity = hand.at(joint, at_ns)
        return ShaftState(scaling.ticks(position), scaling.velocity_units(velocity))

    return state


def leader_bus(
    leader: DynamixelLeader, hand: Hand, *, torque: bool = False, firmware: int = FIRMWARE
) -> Bus:
    """The bus that a leader's part of the rig file describes, with an answer delay of 0."""
    servos = []
    for joint, servo in leader.servos.items():
        shaft = shaft_of(joint, hand, JointScaling.from_servo(joint, servo))
        model = model_by_name(servo.model)
        for servo_id in ids_of(servo):
            emulated = EmulatedServo(servo_id, model, shaft, torque=torque, firmware=firmware)
            servos.append(configured(emulated, servo))
    return Bus(servos, leader.baud)


def follower_bus(
    follower: DynamixelFollower,
    home: Mapping[str, float],
    bounds: Mapping[str, JointBounds],
    *,
    firmware: int = FIRMWARE,
) -> Bus:
    """The bus of a follower: shafts at home, EEPROM limits at the rig's bounds, torque off."""
    servos = []
    for joint, servo in follower.servos.items():
        scaling = JointScaling.from_servo(joint, servo)
        ticks = scaling.ticks(home.get(joint, 0.0))
        for servo_id in ids_of(servo):
            model = model_by_name(servo.model)
            emulated = EmulatedServo(servo_id, model, ticks, firmware=firmware)
            if joint in bounds:
                _limit(emulated, scaling, bounds[joint])
            servos.append(configured(emulated, servo))
    return Bus(servos, follower.baud)


def _limit(emulated: EmulatedServo, scaling: JointScaling, bounds: JointBounds) -> None:
    low, high = sorted(scaling.ticks(bound) for bound in (bounds.lower, bounds.upper))
    emulated.store(models.MIN_POSITION_LIMIT, max(0, math.ceil(low)))
    emulated.store(models.MAX_POSITION_LIMIT, min(4095, math.floor(high)))


def ids_of(servo: Servo) -> tuple[int, ...]:
    """A joint's servo, and its second one where it has one."""
    return (servo.id,) if servo.shadow_id is None else (servo.id, servo.shadow_id)


def configured(emulated: EmulatedServo, servo: Servo) -> EmulatedServo:
    """A servo whose EEPROM holds what the rig file expects of it."""
    emulated.store(models.HOMING_OFFSET, servo.homing_offset_ticks or 0)
    emulated.store(models.DRIVE_MODE, models.REVERSE if servo.reverse else 0)
    if emulated.servo_id == servo.shadow_id:
        emulated.store(models.SHADOW_ID, servo.id)
    return emulated
