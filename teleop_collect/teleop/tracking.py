"""The velocity that follows a moving wish without lag, and closes a gap without overshoot.

Seen from a wish that moves steadily, the command is a joint that must stop on it: the largest
velocity is taken from which the stop of `stopping` still ends there.
"""

import math

from teleop_collect.teleop.limiter import Motion
from teleop_collect.teleop.stopping import StopStep, largest_within, stopping_acceleration

APPROACH_SHARE = 0.5
"""Share of acceleration and jerk that brakes relative to the wish; the rest follows the wish's own
acceleration. With all of it, a wish that turns back is overshot twice as far."""

SMOOTHING_S = 0.02
"""Time constant of the wish's velocity: four samples of a 200 Hz leader, so that one encoder count
(1.5 mrad per 5 ms is 0.3 rad/s) does not appear as a jolt."""


def tracking_velocity(
    motion: Motion, wish: float, wish_velocity: float, limit: float, jerk: float, dt_s: float
) -> tuple[float, bool]:
    """Velocity for the next tick that brings the command onto the wish.

    Args:
        motion: the command after the last tick.
        wish: rad or m.
        wish_velocity: rad/s or m/s.
        limit: acceleration available, rad/s^2 or m/s^2.
        jerk: available, rad/s^3 or m/s^3; inf for any.
        dt_s: length of the tick, s, > 0.

    Returns:
        The velocity, and whether it reaches the wish within this tick, to stay on it.
    """
    error = wish - motion.position
    direct = error / dt_s
    if _stays(direct, motion, wish_velocity, limit, jerk, dt_s):
        return direct, True
    lag = error - wish_velocity * dt_s
    sign = math.copysign(1.0, lag)
    closing = sign * (motion.velocity - wish_velocity)
    brake = sign * motion.acceleration
    gentle, soft = APPROACH_SHARE * limit, APPROACH_SHARE * jerk
    step = StopStep(closing, gentle, soft, dt_s)
    room = abs(lag)
    low = stopping_acceleration(closing, brake, gentle, soft, dt_s)
    if step.travel(low) >= room:
        low = stopping_acceleration(closing, brake, limit, jerk, dt_s)
        return wish_velocity + sign * (closing + low * dt_s), False
    high = min(brake + jerk * dt_s, limit)
    if high <= low or step.travel(high) <= room:
        # Far away: more than the limiters permit, whose bits then say what holds the command up.
        high = (room / dt_s - closing) / dt_s
    else:
        high = largest_within(room, step, low, high)
    return wish_velocity + sign * (closing + high * dt_s), False


def _stays(
    direct: float, motion: Motion, wish_velocity: float, limit: float, jerk: float, dt_s: float
) -> bool:
    """Whether a step onto the wish leaves so little speed past it that the next tick sheds it."""
    past = direct - wish_velocity
    if abs(past) > min(limit, jerk * dt_s) * dt_s:
        return False
    acceleration = (direct - motion.velocity) / dt_s
    return abs(acceleration + past / dt_s) <= jerk * dt_s


class WishVelocity:
    """Smoothed velocities of the mapped leader, from the stamps of its samples.

    Args:
        speed_limits: bound on each joint's velocity, rad/s or m/s.
    """

    def __init__(self, speed_limits: tuple[float, ...]) -> None:
        self._limits = speed_limits
        self._still = (0.0,) * len(speed_limits)
        self._wish: tuple[float, ...] | None = None
        self._stamp_ns = 0
        self._told: tuple[float, ...] | None = None
        self.values = self._still
        """rad/s or m/s by joint."""

    def forget(self) -> None:
        """Start again from rest, as after a gap in the samples."""
        self._wish = self._told = None
        self.values = self._still

    def tell(self, velocities: tuple[float, ...] | None) -> None:
        """Take velocities that the leader knows exactly, rad/s or m/s; None when it does not."""
        self._told = velocities

    def update(self, wish: tuple[float, ...], stamp_ns: int) -> None:
        """Take a new sample; the same stamp again changes nothing."""
        if self._told is not None:
            self.values = tuple(
                min(max(v, -limit), limit)
                for v, limit in zip(self._told, self._limits, strict=True)
            )
            return
        if self._wish is not None and stamp_ns <= self._stamp_ns:
            return
        if self._wish is not None:
            dt_s = (stamp_ns - self._stamp_ns) * 1e-9
            weight = 1.0 / (SMOOTHING_S + dt_s)
            self.values = tuple(
                min(max(v + (new - old - v * dt_s) * weight, -limit), limit)
                for v, new, old, limit in zip(
                    self.values, wish, self._wish, self._limits, strict=True
                )
            )
        self._wish = wish
        self._stamp_ns = stamp_ns
