"""What a limiter is: an interval of velocities that it permits one joint for one tick.

Three intervals are permitted at once, by position, velocity and acceleration limit, and the
command takes the velocity in their intersection that is nearest to the wanted one.

The intersection is never empty. Let a joint move at v (0 <= v <= V) with at least v**2 / (2 A)
left to its limit; A is the acceleration limit, V the velocity limit. For any tick length dt,
u = max(0, v - A dt) is permitted by the acceleration limit (it is within A dt of v), by the
velocity limit (u <= v <= V) and by the position limit, which asks for u dt + u**2 / (2 A) <= room
(for u > 0 the left side is (v**2 - (A dt)**2) / (2 A)). Whichever velocity w is taken, the position
limit leaves at least w**2 / (2 A), so the same holds at the next tick. Three intervals of which
each two overlap have a point in common.
"""

from typing import Protocol

from teleop_collect.teleop.limiter_bits import LimiterBits


class Limiter(Protocol):
    """One limit of one joint."""

    @property
    def bit(self) -> LimiterBits:
        """The bit that is set when this limiter changes a command."""
        ...

    @property
    def text(self) -> str:
        """The limit for a person, with its value and unit."""
        ...

    def permitted(self, position: float, velocity: float, dt_s: float) -> tuple[float, float]:
        """The velocities permitted for the next `dt_s` seconds.

        Args:
            position: last commanded position, rad or m.
            velocity: last commanded velocity, rad/s or m/s.
            dt_s: length of the tick, s, >= 0.

        Returns:
            Lowest and highest velocity, rad/s or m/s; infinite where this limiter sets no bound.
        """
        ...
