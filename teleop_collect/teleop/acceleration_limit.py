"""Acceleration limit of one joint: what turns a hold into a deceleration instead of a jolt."""

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

    def permitted(self, position: float, velocity: float, dt_s: float) -> tuple[float, float]:
        """Velocities within one step of the last one; see `Limiter.permitted`."""
        step = self._acceleration * dt_s
        return velocity - step, velocity + step
