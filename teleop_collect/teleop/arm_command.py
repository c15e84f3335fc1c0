"""All joints' commands of one arm: started where the arm is, then only stepped.

A step passes the limiters of each joint (soft position, velocity, acceleration, jerk), then the
guards of the whole arm (workspace, collision, wrench, singularity), in this order.
"""

import math
from collections.abc import Callable, Sequence

from teleop_collect.teleop.acceleration_limit import AccelerationLimit
from teleop_collect.teleop.alignment import Alignment
from teleop_collect.teleop.arm_step import ArmStep
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.guard import Guard
from teleop_collect.teleop.jerk_limit import JerkLimit
from teleop_collect.teleop.joint_command import JointCommand
from teleop_collect.teleop.limiter import Limiter
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.position_limit import PositionLimit
from teleop_collect.teleop.velocity_limit import VelocityLimit

_ALIGN_RAMP = LimiterBits.ALIGN_RAMP.value

_ROUNDS = 3
"""What one guard slows down, another one has not seen: they look again while several act."""


def joint_limiters(bounds: SoftBounds) -> list[Limiter]:
    """All limiters of one joint, in the order in which they act."""
    unit, acceleration, jerk = bounds.unit, bounds.acceleration, bounds.jerk
    limiters: list[Limiter] = [
        PositionLimit(bounds.lower, bounds.upper, acceleration, jerk, unit),
        VelocityLimit(bounds.velocity, jerk, unit),
        AccelerationLimit(acceleration, unit),
    ]
    if jerk != math.inf:
        limiters.append(JerkLimit(jerk, unit))
    return limiters


class ArmCommand:
    """The last command of one arm, once there is one.

    Args:
        joints: names, in the order of all positions.
        bounds: by joint.
        alignment: offsets and ramp speeds.
        limiters: builds the limiters of one joint.
        guards: of the arm as a whole, in the order in which they act.
    """

    def __init__(
        self,
        joints: tuple[str, ...],
        bounds: tuple[SoftBounds, ...],
        alignment: Alignment,
        limiters: Callable[[SoftBounds], Sequence[Limiter]],
        guards: Sequence[Guard] = (),
    ) -> None:
        self._joints = joints
        self._bounds = bounds
        self._alignment = alignment
        self._limiters = [limiters(b) for b in bounds]
        self._guards = tuple(guards)
        self._guard_text = ""
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
        return all(command.is_at_rest for command in self._commands)

    def start(self, measured: Sequence[float]) -> None:
        """Make the measured positions (rad or m) the first command; the next step repeats them."""
        self._commands = [
            JointCommand(position, bounds.acceleration, bounds.jerk, limiters)
            for position, bounds, limiters in zip(
                measured, self._bounds, self._limiters, strict=True
            )
        ]
        self._is_first = True

    def drop(self) -> None:
        """Have no command any more."""
        self._commands = []
        self._bits = []
        self._guard_text = ""

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
            command.plan_follow(w, v, speed, dt_s)
            for command, w, v, speed in zip(
                self._commands, wish, velocity, self._alignment.speeds, strict=True
            )
        ]
        return self._guarded(dt_s)

    def follow(self, wish: Sequence[float], velocity: Sequence[float], dt_s: float) -> int:
        """Step onto the wish plus what is left of the alignment offset; returns the bits."""
        dt_s = self._first_or(dt_s)
        alignment = self._alignment
        offsets = alignment.offsets
        self._bits = bits = []
        for i, command in enumerate(self._commands):
            if offsets[i] == 0.0:
                bits.append(command.plan_follow(wish[i], velocity[i], math.inf, dt_s))
                continue
            speed = velocity[i] + alignment.shrink(i, dt_s)
            bit = command.plan_follow(wish[i] + offsets[i], speed, math.inf, dt_s)
            bits.append(bit if offsets[i] == 0.0 else bit | _ALIGN_RAMP)
        return self._guarded(dt_s)

    def brake(self, dt_s: float) -> int:
        """Step towards rest; returns the bits of the limiters that prolong it."""
        dt_s = self._first_or(dt_s)
        self._bits = [command.plan_brake(dt_s) for command in self._commands]
        self._guard_text = ""
        return self._advance(dt_s)

    def explain(self, wish: Sequence[float]) -> str:
        """What keeps the arm from the wish: a guard, or the first joint that limits hold back.

        Less than a tenth of the alignment tolerance is not worth a person's attention.
        """
        if self._guard_text:
            return self._guard_text
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

    def _guarded(self, dt_s: float) -> int:
        """Let the guards slow the planned step down, then do it."""
        self._guard_text = ""
        bits = 0
        if self._guards and dt_s > 0.0:
            step = ArmStep(self._commands, self._bounds, dt_s)
            for _ in range(_ROUNDS):
                acting = [guard for guard in self._guards if self._slowed_by(guard, step)]
                for guard in acting:
                    bits |= guard.bit.value
                if len(acting) < 2:
                    break
            else:
                step.slow(range(len(self._joints)), 0.0)
        return bits | self._advance(dt_s)

    def _slowed_by(self, guard: Guard, step: ArmStep) -> bool:
        """Whether a guard slows the step down, which it then did."""
        share = guard.share(step)
        if share < 1.0:
            step.slow(guard.joints, share)
            self._guard_text = self._guard_text or guard.text
        return share < 1.0

    def _advance(self, dt_s: float) -> int:
        together = 0
        for command, bits in zip(self._commands, self._bits, strict=True):
            command.advance(dt_s)
            together |= bits
        return together

    @property
    def guard_text(self) -> str:
        """What a guard found in the last step; empty when none slowed it down."""
        return self._guard_text
