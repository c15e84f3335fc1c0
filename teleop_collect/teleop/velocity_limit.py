"""Velocity limit of one joint."""

from teleop_collect.teleop.limiter_bits import LimiterBits


class VelocityLimit:
    """Keeps one joint's commanded speed at or below a constant.

    Args:
        velocity: highest speed, rad/s or m/s.
        unit: "rad" or "m", for the text.
    """

    bit = LimiterBits.VELOCITY

    def __init__(self, velocity: float, unit: str) -> None:
        self._interval = (-velocity, velocity)
        self.text = f"velocity limit {velocity:.4g} {unit}/s"

    def permitted(self, position: float, velocity: float, dt_s: float) -> tuple[float, float]:
        """The same interval always; see `Limiter.permitted`."""
        return self._interval
