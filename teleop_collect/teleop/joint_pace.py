"""Slows a posture's motion down as a whole until every joint keeps to its limits."""

from collections.abc import Sequence

from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.stopping import braking

MAX_LEAD_RAD = 0.2
"""How far a leader without a body may run ahead of the measured follower, per joint. A follower
that lags by 50 ms at 3 rad/s is 0.15 rad behind."""

MAX_LEAD_M = 0.05
"""The same for prismatic joints."""


class JointPace:
    """Velocities of several joints, changed and bounded together so that their ratio stays.

    Args:
        bounds: by joint.
    """

    def __init__(self, bounds: Sequence[SoftBounds]) -> None:
        self._accelerations = [b.acceleration for b in bounds]
        self._leads = [MAX_LEAD_M if b.unit == "m" else MAX_LEAD_RAD for b in bounds]
        self._bounds = tuple(bounds)
        self.stop()

    def stop(self) -> None:
        """Be at rest at once."""
        self._velocities = [0.0] * len(self._bounds)

    def step(
        self,
        positions: Sequence[float],
        wanted: Sequence[float],
        measured: Sequence[float] | None,
        dt_s: float,
    ) -> list[float]:
        """Velocities for the next `dt_s`.

        Args:
            positions: now, rad or m.
            wanted: velocities wanted, rad/s or m/s.
            measured: positions of the robot that follows; None bounds no lead.
            dt_s: > 0.

        Returns:
            From the last velocities towards the wanted ones as far as all accelerations allow, then
            scaled down until every joint keeps to its speed, can brake before its position limits
            and leads by no more than `MAX_LEAD_RAD` or `MAX_LEAD_M`; rad/s or m/s.
        """
        changes = [w - v for w, v in zip(wanted, self._velocities, strict=True)]
        share = _share(changes, [(-a * dt_s, a * dt_s) for a in self._accelerations])
        nearer = [v + share * c for v, c in zip(self._velocities, changes, strict=True)]
        scale = _share(nearer, self._permitted(positions, measured, dt_s))
        self._velocities = [scale * v for v in nearer]
        return self._velocities

    def _permitted(
        self, positions: Sequence[float], measured: Sequence[float] | None, dt_s: float
    ) -> list[tuple[float, float]]:
        intervals = []
        for i, (position, bounds) in enumerate(zip(positions, self._bounds, strict=True)):
            low, high = _permitted(position, bounds, dt_s)
            if measured is not None:
                ahead = position - measured[i]
                lead = self._leads[i]
                low = max(low, min(-lead - ahead, 0.0) / dt_s)
                high = min(high, max(lead - ahead, 0.0) / dt_s)
            intervals.append((low, high))
        return intervals


def _permitted(position: float, bounds: SoftBounds, dt_s: float) -> tuple[float, float]:
    """Velocities within the joint's speed from which it can brake before its position limits."""
    above = braking(max(bounds.upper - position, 0.0), bounds.acceleration, dt_s)
    below = braking(max(position - bounds.lower, 0.0), bounds.acceleration, dt_s)
    return -min(below, bounds.velocity), min(above, bounds.velocity)


def _share(values: Sequence[float], intervals: Sequence[tuple[float, float]]) -> float:
    """Largest factor up to 1 that brings every value into its interval, which contains 0."""
    share = 1.0
    for value, (low, high) in zip(values, intervals, strict=True):
        if value > high:
            share = min(share, high / value)
        elif value < low:
            share = min(share, low / value)
    return share
