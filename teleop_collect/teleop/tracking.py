"""The velocity that follows a moving wish without lag, and closes a gap without overshoot.

Braking from v at the acceleration A, velocity by velocity in ticks of any length, covers at most
v**2 / (2 A) after the present tick, and v dt in it. The largest v that stops within a distance d is
therefore the positive root of v dt + v**2 / (2 A) = d: v = sqrt((A dt)**2 + 2 A d) - A dt.
"""

import math

APPROACH_SHARE = 0.5
"""Share of the acceleration that brakes relative to the wish; the rest follows the wish's own
acceleration. With all of it, a wish that turns back is overshot twice as far."""

SMOOTHING_S = 0.02
"""Time constant of the wish's velocity: four samples of a 200 Hz leader, so that one encoder count
(1.5 mrad per 5 ms is 0.3 rad/s) does not appear as a jolt."""


def braking_velocity(distance: float, acceleration: float, dt_s: float) -> float:
    """Largest velocity for the next tick after which braking still stops within `distance`.

    Args:
        distance: room, rad or m, >= 0.
        acceleration: deceleration available, rad/s^2 or m/s^2.
        dt_s: length of the tick, s.

    Returns:
        rad/s or m/s, >= 0.
    """
    step = acceleration * dt_s
    return math.sqrt(step * step + 2.0 * acceleration * distance) - step


def tracking_velocity(
    error: float, wish_velocity: float, acceleration: float, dt_s: float
) -> tuple[float, bool]:
    """Velocity for the next tick that brings the command onto the wish.

    Args:
        error: wish minus last command, rad or m.
        wish_velocity: velocity of the wish, rad/s or m/s.
        acceleration: acceleration available, rad/s^2 or m/s^2.
        dt_s: length of the tick, s, > 0.

    Returns:
        The velocity, and whether it reaches the wish within this tick.
    """
    lag = error - wish_velocity * dt_s
    gap = abs(lag)
    if gap <= acceleration * dt_s * dt_s:
        return error / dt_s, True
    closing = braking_velocity(gap, APPROACH_SHARE * acceleration, dt_s)
    return wish_velocity + math.copysign(closing, lag), False


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
        self.values = self._still
        """rad/s or m/s by joint."""

    def forget(self) -> None:
        """Start again from rest, as after a gap in the samples."""
        self._wish = None
        self.values = self._still

    def update(self, wish: tuple[float, ...], stamp_ns: int) -> None:
        """Take a new sample; the same stamp again changes nothing."""
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
