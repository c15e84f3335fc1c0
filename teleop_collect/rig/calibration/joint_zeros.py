"""Homing offsets and directions of an arm of servos, from two postures that are known.

The first posture fixes each zero, the way to the second fixes each direction, and the second
posture verifies both: a joint that is then off by more than the tolerance is refused.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.values import JointZero, JointZeros
from teleop_collect.rig.servo_config import Servo

MIN_TRAVEL_RAD = 0.2
"""Servo angle between both postures; less does not tell the direction from a slip of the hand."""
MAX_NOISE_RAD = 0.01
TOLERANCE_RAD = math.radians(2.0)
"""Largest error at the second posture: a leader held by hand against a gauge."""


@dataclass(frozen=True)
class Posture:
    """An arm held in a known posture.

    Attributes:
        joints: true joint positions (rad, or the joint's unit) by name.
        angles_rad: mean servo angles by joint name, (ticks - 2048) * 2 pi / 4096.
        noise_rad: standard deviation of the servo angles by joint name.
    """

    joints: Mapping[str, float]
    angles_rad: Mapping[str, float]
    noise_rad: Mapping[str, float]


@dataclass(frozen=True)
class ZerosFit:
    """Zeros and directions.

    Attributes:
        values: of every joint.
        verified_rad: what each joint was off at the second posture, servo angle.
        changed_rad: how far each zero lies from the one in use; None where the direction changed.
        noise_rad: largest standard deviation while the arm was held.
    """

    values: JointZeros
    verified_rad: Mapping[str, float]
    changed_rad: Mapping[str, float | None]
    noise_rad: float


def servo_angle(servo: Servo, position: float) -> float:
    """Servo angle, rad, at which a driver with this configuration reports a joint position."""
    return (position - servo.offset) / (servo.sign * servo.scale) + servo.zero_rad


def calibrate_zeros(
    kind: Literal["leader", "follower"],
    servos: Mapping[str, Servo],
    first: Posture,
    second: Posture,
    tolerance_rad: float = TOLERANCE_RAD,
) -> ZerosFit:
    """Find zeros and directions.

    Args:
        kind: which arm.
        servos: as configured now; scale and offset are taken from them.
        first: posture that fixes the zeros.
        second: posture that fixes the directions and verifies.
        tolerance_rad: largest error at the second posture, servo angle.

    Raises:
        CheckFailed: a joint is missing, was not held still, moved too little between the postures
            or is off at the second one; the message names every such joint.
    """
    _refuse_incomplete(kind, servos, first, second)
    zeros: dict[str, JointZero] = {}
    verified: dict[str, float] = {}
    changed: dict[str, float | None] = {}
    for joint, servo in servos.items():
        travel = second.angles_rad[joint] - first.angles_rad[joint]
        wanted = (second.joints[joint] - first.joints[joint]) / servo.scale
        sign: Literal[-1, 1] = 1 if travel * wanted > 0 else -1
        at = [
            p.angles_rad[joint] - (p.joints[joint] - servo.offset) / (sign * servo.scale)
            for p in (first, second)
        ]
        verified[joint] = at[1] - at[0]
        # Both postures are equally well known, so their mean is the better zero.
        zeros[joint] = JointZero(zero_rad=(at[0] + at[1]) / 2, sign=sign)
        same = sign == servo.sign
        changed[joint] = zeros[joint].zero_rad - servo.zero_rad if same else None
    _refuse_unverified(kind, verified, tolerance_rad)
    noise = max(max(p.noise_rad.values(), default=0.0) for p in (first, second))
    return ZerosFit(JointZeros(kind=kind, joints=zeros), verified, changed, noise)


def _refuse_incomplete(
    kind: str, servos: Mapping[str, Servo], first: Posture, second: Posture
) -> None:
    for number, posture in enumerate((first, second), 1):
        missing = [j for j in servos if j not in posture.angles_rad or j not in posture.joints]
        if missing:
            raise CheckFailed(
                f"{kind} calibration: posture {number} lacks {', '.join(missing)}; state the "
                "position of every joint and see that the driver reports it"
            )
        shaky = [j for j in servos if not posture.noise_rad.get(j, 0.0) <= MAX_NOISE_RAD]
        if shaky:
            raise CheckFailed(
                f"{kind} calibration: {', '.join(shaky)} moved while posture {number} was read; "
                "hold the arm still"
            )
    still = [
        joint
        for joint in servos
        if not abs(second.angles_rad[joint] - first.angles_rad[joint]) >= MIN_TRAVEL_RAD
    ]
    if still:
        raise CheckFailed(
            f"{kind} calibration: {', '.join(still)} moved less than {MIN_TRAVEL_RAD:g} rad "
            "between the two postures: the same posture twice tells no direction"
        )


def _refuse_unverified(kind: str, verified: Mapping[str, float], tolerance_rad: float) -> None:
    wrong = {joint: off for joint, off in verified.items() if not abs(off) <= tolerance_rad}
    if wrong:
        told = ", ".join(f"{j} by {math.degrees(off):.1f} degrees" for j, off in wrong.items())
        raise CheckFailed(
            f"{kind} calibration: not verified at the second posture: {told} off (limit "
            f"{math.degrees(tolerance_rad):.1f}): hold the arm exactly in both postures, and check "
            "scale and joint order in the rig file"
        )
