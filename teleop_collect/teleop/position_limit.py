"""Soft position limit: the permitted velocity falls towards the limit as the square root of room.

A joint that moves at v and brakes at A needs v**2 / (2 A); Franka's FR3 bounds its joint velocities
by position in the same square-root form (libfranka, `rate_limiting.h`, upper and lower position
based velocity limits). Here the rule is exact for discrete ticks of any length: see `tracking`.
"""

import math

from teleop_collect.teleop.limiter_bits import LimiterBits


class PositionLimit:
    """Keeps one joint between two positions, and able to stop before them.

    A joint found outside (it was commanded or measured there before) may only move back in.

    Args:
        lower: lowest commanded position, rad or m; may be -inf.
        upper: highest commanded position, rad or m; may be inf.
        acceleration: with which the joint can brake, rad/s^2 or m/s^2.
        unit: "rad" or "m", for the text.
    """

    bit = LimiterBits.POSITION

    def __init__(self, lower: float, upper: float, acceleration: float, unit: str) -> None:
        self._lower = lower
        self._upper = upper
        self._acceleration = acceleration
        self.text = f"soft limits {lower:.4g} to {upper:.4g} {unit}"

    def permitted(self, position: float, velocity: float, dt_s: float) -> tuple[float, float]:
        """Velocities from which braking still ends inside; see `Limiter.permitted`."""
        step = self._acceleration * dt_s
        twice = 2.0 * self._acceleration
        below = position - self._lower
        above = self._upper - position
        low = step - math.sqrt(step * step + twice * below) if below > 0.0 else 0.0
        high = math.sqrt(step * step + twice * above) - step if above > 0.0 else 0.0
        return low, high
