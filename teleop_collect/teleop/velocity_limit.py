"""Velocity limit of one joint; the acceleration falls towards it as far as the jerk limit needs.

With room u = V - v left, an acceleration a that is let go of at the jerk J still adds a**2 / (2 J):
the braking rule of `stopping`, one order higher. Without a jerk limit it is the plain bound.
"""

from teleop_collect.teleop.limiter import Motion
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.stopping import braking


class VelocityLimit:
    """Keeps one joint's commanded speed at or below a constant.

    Args:
        velocity: highest speed, rad/s or m/s.
        jerk: bound on the change of the acceleration per second; inf for none.
        unit: "rad" or "m", for the text.
    """

    bit = LimiterBits.VELOCITY

    def __init__(self, velocity: float, jerk: float, unit: str) -> None:
        self._velocity = velocity
        self._jerk = jerk
        self.text = f"velocity limit {velocity:.4g} {unit}/s"

    def nearest(self, motion: Motion, wanted: float, dt_s: float) -> float:
        """The nearest velocity from which the limit is kept; see `Limiter.nearest`."""
        velocity = motion.velocity
        high = velocity + braking(max(self._velocity - velocity, 0.0), self._jerk, dt_s) * dt_s
        low = velocity - braking(max(self._velocity + velocity, 0.0), self._jerk, dt_s) * dt_s
        return min(max(wanted, low), high)
