"""Soft position limit: the permitted velocity falls towards the limit, as far as a stop needs room.

Without a jerk limit a joint that moves at v and brakes at A needs v**2 / (2 A): the square-root
form of Franka's position-based velocity limits (libfranka, `rate_limiting.h`). With one it needs
the stopping distance of `stopping`, a little more. The rule is exact for ticks of any length.
"""

from teleop_collect.teleop.limiter import Motion
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.stopping import StopStep, largest_within, stopping_acceleration


class PositionLimit:
    """Keeps one joint between two positions, and able to stop before them.

    A joint found outside (it was commanded or measured there before) goes no further out.

    Args:
        lower: lowest commanded position, rad or m; may be -inf.
        upper: highest commanded position, rad or m; may be inf.
        acceleration: with which the joint can brake, rad/s^2 or m/s^2.
        jerk: with which the brake can come, rad/s^3 or m/s^3; inf for at once.
        unit: "rad" or "m", for the text.
    """

    bit = LimiterBits.POSITION

    def __init__(
        self, lower: float, upper: float, acceleration: float, jerk: float, unit: str
    ) -> None:
        self._lower = lower
        self._upper = upper
        self._acceleration = acceleration
        self._jerk = jerk
        self.text = f"soft limits {lower:.4g} to {upper:.4g} {unit}"

    def nearest(self, motion: Motion, wanted: float, dt_s: float) -> float:
        """The nearest velocity from which a stop still ends inside; see `Limiter.nearest`."""
        above, below = self._upper - motion.position, motion.position - self._lower
        velocity, acceleration = motion.velocity, motion.acceleration
        wanted = self._towards(above, velocity, acceleration, wanted, dt_s)
        return -self._towards(below, -velocity, -acceleration, -wanted, dt_s)

    def _towards(
        self, room: float, velocity: float, acceleration: float, wanted: float, dt_s: float
    ) -> float:
        """The same for the limit that lies in the positive direction, `room` away."""
        if wanted <= 0.0 and wanted <= velocity:
            return wanted  # moves away from it, and does not turn back
        room = max(room, 0.0)
        step = StopStep(velocity, self._acceleration, self._jerk, dt_s)
        high = (wanted - velocity) / dt_s
        if step.travel(high) <= room:
            return wanted
        low = stopping_acceleration(velocity, acceleration, self._acceleration, self._jerk, dt_s)
        if high <= low:
            return wanted  # stops harder than the stopping motion already
        return velocity + largest_within(room, step, low, high) * dt_s
