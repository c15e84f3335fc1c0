"""Motion of one emulated output shaft: an inertia that a bounded torque accelerates.

Positions are ticks, times seconds. The controller asks for a speed proportional to the error, no
faster than braking allows; torque bounds the acceleration.
"""

import math
from dataclasses import dataclass

MAX_STEP_S = 0.001
SETTLED_S = 5.0
"""After so long without anybody asking, the shaft stands at its goal."""
GAIN_PER_S = 40.0
FULL_ACCELERATION = 40.0 / (2 * math.pi) * 4096
"""At full torque, ticks/s^2 (40 rad/s^2)."""
FULL_SPEED = 5.0 / (2 * math.pi) * 4096
"""At full voltage, ticks/s (5 rad/s)."""
BRAKING_SHARE = 0.8


@dataclass(frozen=True)
class Drive:
    """What the servo's registers ask of the motor.

    Attributes:
        goal_ticks: where to go; None lets the shaft turn freely.
        torque_share: torque that may be used, 0 to 1.
        speed_share: speed that may be reached, 0 to 1.
        fall_ticks_s: speed at which a free shaft falls.
    """

    goal_ticks: float | None = None
    torque_share: float = 1.0
    speed_share: float = 1.0
    fall_ticks_s: float = 0.0


class Motor:
    """One shaft.

    Args:
        ticks: where it stands at first.
    """

    def __init__(self, ticks: float) -> None:
        self.ticks = ticks
        self.velocity = 0.0
        """Ticks per second."""
        self.torque = 0.0
        """Share of full torque, signed."""
        self.obstacle: float | None = None
        """Ticks beyond which the shaft cannot turn upwards."""
        self._now_ns: int | None = None

    def place(self, ticks: float, velocity: float, at_ns: int) -> None:
        """Be moved from outside."""
        self.ticks, self.velocity, self.torque, self._now_ns = ticks, velocity, 0.0, at_ns

    def advance(self, to_ns: int, drive: Drive) -> None:
        """Move until a monotonic time."""
        start_ns = to_ns if self._now_ns is None else self._now_ns
        self._now_ns = max(to_ns, start_ns)
        left_s = (to_ns - start_ns) / 1e9
        if left_s <= 0:
            return
        if drive.goal_ticks is None:
            self.ticks += drive.fall_ticks_s * left_s
            self.velocity, self.torque = drive.fall_ticks_s, 0.0
            return
        left_s = min(left_s, SETTLED_S)
        steps = math.ceil(left_s / MAX_STEP_S)
        for _ in range(steps):
            self._step(left_s / steps, drive.goal_ticks, drive)

    def _step(self, dt_s: float, goal: float, drive: Drive) -> None:
        error = goal - self.ticks
        if abs(error) < 0.01 and self.velocity == 0.0:
            self.torque = 0.0
            return
        acceleration = FULL_ACCELERATION * drive.torque_share
        braking = math.sqrt(2 * BRAKING_SHARE * acceleration * abs(error))
        speed = min(GAIN_PER_S * abs(error), braking, FULL_SPEED * drive.speed_share)
        change = math.copysign(speed, error) - self.velocity
        bound = acceleration * dt_s
        change = max(-bound, min(bound, change))
        self.velocity += change
        self.torque = change / dt_s / FULL_ACCELERATION
        self.ticks += self.velocity * dt_s
        if self.obstacle is not None and self.ticks > self.obstacle and goal > self.obstacle:
            self.ticks, self.velocity, self.torque = self.obstacle, 0.0, drive.torque_share
        elif abs(goal - self.ticks) < 0.02 and abs(self.velocity) < bound:
            self.ticks, self.velocity = goal, 0.0
