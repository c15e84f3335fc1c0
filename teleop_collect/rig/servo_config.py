"""Dynamixel servos in the rig file, on leaders and followers alike."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.section import Positive, Section

ServoId = Annotated[int, Field(ge=0, le=252)]
OperatingMode = Literal["position", "current_based_position", "extended_position"]


class Servo(Section):
    """One Dynamixel servo.

    Joint position = sign * scale * (servo angle - zero_rad) + offset, where the servo angle is
    (ticks - 2048) * 2*pi / 4096 rad.
    """

    id: ServoId
    shadow_id: ServoId | None = None
    """A second servo of the same joint, which obeys what is sent to the first by its Secondary ID
    (register 12). It is not read, but its alerts and its torque are looked after."""
    model: str
    sign: Literal[-1, 1] = 1
    zero_rad: float = 0.0
    scale: float = 1.0
    offset: float = 0.0
    operating_mode: OperatingMode = "position"
    """How a follower's servo is driven (register 11); a leader's torque is off."""
    current_limit_a: Positive | None = None
    """Largest current of a follower's servo, A; what the servo itself holds when absent."""
    homing_offset_ticks: int | None = None
    """What Homing Offset (register 20) must hold; not compared when absent."""
    reverse: bool | None = None
    """Whether Drive Mode (register 10) must say reverse; not compared when absent."""
