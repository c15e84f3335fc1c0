"""Slows a posture's motion down as a whole until every joint keeps to its limits."""

from collections.abc import Sequence

from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.position_limit import PositionLimit
from teleop_collect.teleop.velocity_limit import VelocityLimit

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
        self._limits = [
            (
                VelocityLimit(b.velocity, b.unit),
                PositionLimit(b.lower, b.upper, b.acceleration, b.unit),
            )
            for b in bounds
        ]
        self.stop()

    def stop(self) -> None:
        """Be at rest at once."""
        self._velocities = [0.0] * len(self._limits)

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
        for i, (position, limits) in enumerate(zip(positions, self._limits, strict=True)):
            pairs = [x.permitted(position, self._velocities[i], dt_s) for x in limits]
            if measured is not None:
                ahead = position - measured[i]
                lead = self._leads[i]
                pairs.append((min(-lead - ahead, 0.0) / dt_s, max(lead - ahead, 0.0) / dt_s))
            intervals.append((max(p[0] for p in pairs), min(p[1] for p in pairs)))
        return intervals


def _share(values: Sequence[float], intervals: Sequence[tuple[float, float]]) -> float:
    """Largest factor up to 1 that brings every value into its interval, which contains 0."""
    share = 1.0
    for value, (low, high) in zip(values, intervals, strict=True):
        if value > high:
            share = min(share, high / value)
        elif value < low:
            share = min(share, low / value)
    return share
