"""Closing the gap between leader and follower: before following, and without a bump.

Two steps. While ALIGNING the command moves to the leader at the ramp speed until every joint is
within tolerance. At that moment following begins with the gap that is left as an offset on the
wish, and the offset shrinks to zero at the ramp speed at most: neither position nor velocity jumps.
"""

import math
from collections.abc import Sequence

from teleop_collect.rig.config import Align
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.stopping import braking
from teleop_collect.teleop.tracking import APPROACH_SHARE


class Alignment:
    """Gaps between the operator's wish and a follower position, and the offset that closes them.

    Args:
        joints: names, in the order of all positions.
        bounds: bounds on commands, by joint.
        align: tolerances, ramp speeds, and whether to ramp at all.
    """

    def __init__(
        self, joints: tuple[str, ...], bounds: tuple[SoftBounds, ...], align: Align
    ) -> None:
        self._joints = joints
        self._bounds = bounds
        self.ramps = align.on_gap == "ramp"
        self.units = [b.unit for b in bounds]
        self.tolerances = [
            align.tolerance_m if b.unit == "m" else align.tolerance_rad for b in bounds
        ]
        self.speeds = [align.ramp_m_s if b.unit == "m" else align.ramp_rad_s for b in bounds]
        """Ramp speed by joint, rad/s or m/s."""
        self.offsets = [0.0] * len(joints)
        """What is still added to the wish, rad or m."""
        self._rates = [0.0] * len(joints)

    def gap(self, wish: Sequence[float], positions: Sequence[float], whose: str) -> str | None:
        """The joint that is furthest from alignment, in words.

        A wish beyond a soft limit counts as that limit: the follower cannot come closer.

        Args:
            wish: mapped leader, rad or m.
            positions: follower or command, rad or m.
            whose: what `positions` are, for the message.

        Returns:
            Joint, both values and tolerance; None when every joint is within tolerance.
        """
        worst, worst_ratio = 0, 0.0
        for i, (w, p, bounds) in enumerate(zip(wish, positions, self._bounds, strict=True)):
            ratio = abs(bounds.reach(w) - p) / self.tolerances[i]
            if ratio > worst_ratio:
                worst, worst_ratio = i, ratio
        if worst_ratio <= 1.0:
            return None
        unit, tolerance = self._bounds[worst].unit, self.tolerances[worst]
        return (
            f"joint {self._joints[worst]}: leader asks {wish[worst]:.4f} {unit}, {whose} is at "
            f"{positions[worst]:.4f} {unit}, tolerance {tolerance:g} {unit}"
        )

    def outside(self, measured: Sequence[float]) -> str | None:
        """The first joint measured further outside its hard limits than the tolerance, in words."""
        for i, (position, bounds) in enumerate(zip(measured, self._bounds, strict=True)):
            tolerance = self.tolerances[i]
            if not bounds.hard_lower - tolerance <= position <= bounds.hard_upper + tolerance:
                limits = f"{bounds.hard_lower:.4f} to {bounds.hard_upper:.4f} {bounds.unit}"
                return (
                    f"joint {self._joints[i]}: follower is at {position:.4f} {bounds.unit}, "
                    f"outside its limits {limits}; move it inside with its own controller"
                )
        return None

    def begin_following(
        self, wish: Sequence[float], command: Sequence[float], velocity: Sequence[float]
    ) -> None:
        """Make the offsets such that the reachable wish plus offset is the command.

        Args:
            wish: mapped leader, rad or m.
            command: last commanded positions, rad or m.
            velocity: last commanded velocities, rad/s or m/s; a shrinking offset keeps them.
        """
        self.offsets = [
            c - bounds.reach(w) for w, c, bounds in zip(wish, command, self._bounds, strict=True)
        ]
        self._rates = [
            min(max(-v if offset > 0.0 else v, 0.0), speed)
            for offset, v, speed in zip(self.offsets, velocity, self.speeds, strict=True)
        ]

    def shrink(self, joint: int, dt_s: float) -> float:
        """Move one joint's offset towards zero for `dt_s`.

        It takes the joint's `APPROACH_SHARE` of acceleration and leaves the rest to the leader.

        Returns:
            The velocity that this adds to the wish, rad/s or m/s.
        """
        offset = self.offsets[joint]
        gap = abs(offset)
        acceleration = APPROACH_SHARE * self._bounds[joint].acceleration
        step = acceleration * dt_s
        if gap <= step * dt_s:
            self.offsets[joint] = 0.0
            return -offset / dt_s
        stopping = braking(gap, acceleration, dt_s)
        rate = min(self._rates[joint] + step, self.speeds[joint], stopping)
        self._rates[joint] = rate
        self.offsets[joint] = offset - math.copysign(rate * dt_s, offset)
        return math.copysign(rate, -offset)
