"""Servo readings to joint values and back: the driver applies it, the emulator inverts it."""

from dataclasses import dataclass

from teleop_collect.devices.dynamixel.models import (
    CENTER_TICKS,
    RAD_PER_TICK,
    RAD_S_PER_VELOCITY_UNIT,
)
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Servo


@dataclass(frozen=True)
class JointScaling:
    """joint = gain * (servo angle - zero_rad) + offset, with servo angle from ticks.

    Attributes:
        gain: sign times scale of the rig file; joint unit per rad.
        zero_rad: servo angle that counts as zero.
        offset: joint value there.
    """

    gain: float
    zero_rad: float
    offset: float

    @classmethod
    def from_servo(cls, joint: str, servo: Servo) -> "JointScaling":
        """The scaling of a rig file's servo.

        Raises:
            ConfigError: scale is 0.
        """
        if servo.scale == 0:
            raise ConfigError(f"joint {joint}: scale of servo {servo.id} is 0; it must not be")
        return cls(servo.sign * servo.scale, servo.zero_rad, servo.offset)

    def position(self, ticks: int) -> float:
        """Joint position of a Present Position reading."""
        angle_rad = (ticks - CENTER_TICKS) * RAD_PER_TICK
        return self.gain * (angle_rad - self.zero_rad) + self.offset

    def velocity(self, units: int) -> float:
        """Joint velocity (per s) of a Present Velocity reading."""
        return self.gain * units * RAD_S_PER_VELOCITY_UNIT

    def ticks(self, position: float) -> float:
        """Servo ticks, not rounded, at a joint position."""
        angle_rad = (position - self.offset) / self.gain + self.zero_rad
        return CENTER_TICKS + angle_rad / RAD_PER_TICK

    def velocity_units(self, velocity: float) -> float:
        """Velocity units, not rounded, at a joint velocity (per s)."""
        return velocity / self.gain / RAD_S_PER_VELOCITY_UNIT
