"""Acceleration limit of one joint: what turns a hold into a deceleration instead of a jolt."""

from teleop_collect.teleop.limiter import Motion
from teleop_collect.teleop.limiter_bits import LimiterBits


class AccelerationLimit:
    """Keeps the change of one joint's commanded velocity bounded.

    Args:
        acceleration: highest acceleration and deceleration, rad/s^2 or m/s^2.
        unit: "rad" or "m", for the text.
    """

    bit = LimiterBits.ACCELERATION

    def __init__(self, acceleration: float, unit: str) -> None:
        self._acceleration = acceleration
        self.text = f"acceleration limit {acceleration:.4g} {unit}/s^2"

    def nearest(self, motion: Motion, wanted: float, dt_s: float) -> float:
        """The nearest velocity within one step of the last one; see `Limiter.nearest`."""
        step = self._acceleration * dt_s
        return min(max(wanted, motion.velocity - step), motion.velocity + step)
