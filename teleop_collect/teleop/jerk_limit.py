"""Jerk limit of one joint: bounds how fast its acceleration changes, which is what shakes gears.

Franka's interface refuses more than 5000 rad/s^3 (libfranka, `rate_limiting.h`) and industrial
controllers plan with such a bound. The other limiters know this one: they leave enough room for a
brake that cannot come at once (see `stopping`), so it never has to yield.
"""

from teleop_collect.teleop.limiter import Motion
from teleop_collect.teleop.limiter_bits import LimiterBits


class JerkLimit:
    """Keeps the change of one joint's commanded acceleration bounded.

    Args:
        jerk: highest change of the acceleration, rad/s^3 or m/s^3.
        unit: "rad" or "m", for the text.
    """

    bit = LimiterBits.JERK

    def __init__(self, jerk: float, unit: str) -> None:
        self._jerk = jerk
        self.text = f"jerk limit {jerk:.4g} {unit}/s^3"

    def nearest(self, motion: Motion, wanted: float, dt_s: float) -> float:
        """The nearest velocity whose acceleration is near the last one; `Limiter.nearest`."""
        step = self._jerk * dt_s
        low = motion.velocity + (motion.acceleration - step) * dt_s
        high = motion.velocity + (motion.acceleration + step) * dt_s
        return min(max(wanted, low), high)
