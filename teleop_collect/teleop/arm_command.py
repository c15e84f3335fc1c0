"""All joints' commands of one arm: started where the arm is, then only stepped."""

import math
from collections.abc import Callable, Sequence

from teleop_collect.teleop.acceleration_limit import AccelerationLimit
from teleop_collect.teleop.alignment import Alignment
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.joint_command import JointCommand
from teleop_collect.teleop.limiter import Limiter
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.position_limit import PositionLimit
from teleop_collect.teleop.velocity_limit import VelocityLimit

_ALIGN_RAMP = LimiterBits.ALIGN_RAMP.value


def joint_limiters(bounds: SoftBounds) -> list[Limiter]:
    """All limiters of one joint, the one that decides last at the end."""
    return [
        AccelerationLimit(bounds.acceleration, bounds.unit),
        VelocityLimit(bounds.velocity, bounds.unit),
        PositionLimit(bounds.lower, bounds.upper, bounds.acceleration, bounds.unit),
    ]


class ArmCommand:
    """The last command of one arm, once there is one.

    Args:
        joints: names, in the order of all positions.
        bounds: by joint.
        alignment: offsets and ramp speeds.
        limiters: builds the limiters of one joint.
    """

    def __init__(
        self,
        joints: tuple[str, ...],
        bounds: tuple[SoftBounds, ...],
        alignment: Alignment,
        limiters: Callable[[SoftBounds], Sequence[Limiter]],
    ) -> None:
        self._joints = joints
        self._bounds = bounds
        self._alignment = alignment
        self._limiters = [limiters(b) for b in bounds]
        self._commands: list[JointCommand] = []
        self._is_first = False
        self._bits: list[int] = []

    @property
    def is_active(self) -> bool:
        """Whether there is a command."""
        return bool(self._commands)

    @property
    def is_at_rest(self) -> bool:
        """Whether no joint's command moves."""
        return all(command.velocity == 0.0 for command in self._commands)

    def start(self, measured: Sequence[float]) -> None:
        """Make the measured positions (rad or m) the first command; the next step repeats them."""
        self._commands = [
            JointCommand(position, bounds.acceleration, limiters)
            for position, bounds, limiters in zip(
                measured, self._bounds, self._limiters, strict=True
            )
        ]
        self._is_first = True

    def drop(self) -> None:
        """Have no command any more."""
        self._commands = []
        self._bits = []

    def positions(self) -> tuple[float, ...]:
        """Last commanded positions, rad or m; empty without a command."""
        return tuple([command.position for command in self._commands])

    def velocities(self) -> tuple[float, ...]:
        """Last commanded velocities, rad/s or m/s; empty without a command."""
        return tuple([command.velocity for command in self._commands])

    def relax(self, pause_s: float) -> None:
        """Let a pause without commands pass."""
        for command in self._commands:
            command.relax(pause_s)

    def align(self, wish: Sequence[float], velocity: Sequence[float], dt_s: float) -> int:
        """Step towards the wish at the ramp speed; returns the limiters' bits."""
        dt_s = self._first_or(dt_s)
        self._bits = [
            command.follow(w, v, speed, dt_s)
            for command, w, v, speed in zip(
                self._commands, wish, velocity, self._alignment.speeds, strict=True
            )
        ]
        return self._all_bits()

    def follow(self, wish: Sequence[float], velocity: Sequence[float], dt_s: float) -> int:
        """Step onto the wish plus what is left of the alignment offset; returns the bits."""
        dt_s = self._first_or(dt_s)
        alignment = self._alignment
        offsets = alignment.offsets
        self._bits = bits = []
        for i, command in enumerate(self._commands):
            if offsets[i] == 0.0:
                bits.append(command.follow(wish[i], velocity[i], math.inf, dt_s))
                continue
            speed = velocity[i] + alignment.shrink(i, dt_s)
            bit = command.follow(wish[i] + offsets[i], speed, math.inf, dt_s)
            bits.append(bit if offsets[i] == 0.0 else bit | _ALIGN_RAMP)
        return self._all_bits()

    def brake(self, dt_s: float) -> int:
        """Step towards rest; returns the bits of the limiters that prolong it."""
        dt_s = self._first_or(dt_s)
        self._bits = [command.brake(dt_s) for command in self._commands]
        return self._all_bits()

    def explain(self, wish: Sequence[float]) -> str:
        """The first joint that limits keep from the wish: asked, sent, limits; empty when none is.

        Less than a tenth of the alignment tolerance is not worth a person's attention.
        """
        for i, bits in enumerate(self._bits):
            sent = self._commands[i].position
            if bits and abs(wish[i] - sent) > 0.1 * self._alignment.tolerances[i]:
                unit = self._bounds[i].unit
                return (
                    f"joint {self._joints[i]}: asked {wish[i]:.4f} {unit}, sent {sent:.4f} {unit} "
                    f"({self._limits(i, bits)})"
                )
        return ""

    def _limits(self, joint: int, bits: int) -> str:
        texts = [limiter.text for limiter in self._limiters[joint] if bits & limiter.bit.value]
        if bits & _ALIGN_RAMP:
            unit = self._bounds[joint].unit
            texts.append(f"alignment ramp {self._alignment.speeds[joint]:g} {unit}/s")
        return ", ".join(texts)

    def _first_or(self, dt_s: float) -> float:
        if self._is_first:
            self._is_first = False
            return 0.0
        return dt_s

    def _all_bits(self) -> int:
        together = 0
        for bits in self._bits:
            together |= bits
        return together
