"""What a limiter is: it gives the permitted velocity of one joint that is nearest to a wanted one.

Each limiter permits an interval of velocities for one tick. All intervals have a point in common,
the stopping motion of `stopping`: its acceleration keeps to both bounds, its speed never grows
beyond the velocity limit (room V - v is left with at least a**2 / (2 J), and stays so), and its
travel is at most what the position limit left room for at the last tick. So the limiters can act
one after another, in any order, and the last result is permitted by all of them: moving a value to
the nearest point of one interval moves it towards the common point, which leaves no other interval.
"""

from typing import Protocol

from teleop_collect.teleop.limiter_bits import LimiterBits


class Motion(Protocol):
    """The command of one joint after the last tick."""

    @property
    def position(self) -> float:
        """Rad or m."""
        ...

    @property
    def velocity(self) -> float:
        """Rad/s or m/s."""
        ...

    @property
    def acceleration(self) -> float:
        """Rad/s^2 or m/s^2."""
        ...


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

    def nearest(self, motion: Motion, wanted: float, dt_s: float) -> float:
        """The permitted velocity for the next `dt_s` seconds that is nearest to the wanted one.

        Args:
            motion: of the joint, after the last tick.
            wanted: rad/s or m/s.
            dt_s: length of the tick, s, > 0.
        """
        ...
