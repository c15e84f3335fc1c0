"""Looks at a whole motion before anything moves: positions, speeds, and clearances of the arm.

The chain's limiters act on every tick of a replay too. They would bend a motion that this check
has let pass; it says beforehand where, instead of leaving a different motion to be found out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from teleop_collect.samples import FloatArray
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.replay.trajectory import Trajectory

POSITION_TOLERANCE = 1e-6
"""rad or m: what was sent within the same limits comes back from the file exactly."""

SPEED_WINDOW_S = 0.05
"""Speeds are means over this time: stamps of single commands jitter by a millisecond."""

SPEED_TOLERANCE = 0.05
"""Share by which such a mean may exceed the limit, for what is left of the jitter."""

CLEARANCE_STEP_S = 0.02
"""Clearances are looked at this often: at 3 rad/s and 1 m of reach every 6 cm of the way."""


@dataclass(frozen=True)
class Violation:
    """One limit that a motion does not keep.

    Attributes:
        what: "position", "velocity", "not finite", or the name of a clearance.
        joint: name; empty for the arm as a whole.
        t_s: time since the motion's start, at the speed asked for.
        value: what the motion has, in `unit`.
        limit: what is permitted.
        unit: of both.
        detail: further words, such as which links come near.
    """

    what: str
    joint: str
    t_s: float
    value: float
    limit: float
    unit: str
    detail: str = ""

    def __str__(self) -> str:
        who = f"joint {self.joint}" if self.joint else self.detail or "the arm"
        return (
            f"{who} at {self.t_s:.3f} s: {self.what} {self.value:.4f} {self.unit}, "
            f"limit {self.limit:.4f} {self.unit}"
        )


@dataclass(frozen=True)
class ClearanceLimit:
    """Something that must be kept away from.

    Attributes:
        what: for messages, such as "workspace clearance".
        clearance: of a posture (rad or m by joint): what is left, m, and of what.
        least_m: must be left.
    """

    what: str
    clearance: Callable[[Sequence[float]], tuple[float, str]]
    least_m: float


def violations(
    trajectory: Trajectory,
    bounds: Sequence[SoftBounds],
    clearances: Sequence[ClearanceLimit] = (),
) -> list[Violation]:
    """Every limit that a motion does not keep, each where it is exceeded most.

    Args:
        trajectory: at the speed at which it is to be driven.
        bounds: of each of its joints, in order.
        clearances: of the arm as a whole.
    """
    found = list(_not_finite(trajectory))
    if found:
        return found  # the rest cannot be judged
    found += _positions(trajectory, bounds)
    found += _speeds(trajectory, bounds)
    for limit in clearances:
        found += _clearances(trajectory, limit)
    return found


def _not_finite(trajectory: Trajectory) -> Iterator[Violation]:
    for column, joint in enumerate(trajectory.joints):
        values = trajectory.positions[:, column]
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            t_s, value = float(trajectory.times_s[bad[0]]), float(values[bad[0]])
            yield Violation("not finite", joint, t_s, value, 0.0, "")


def _positions(trajectory: Trajectory, bounds: Sequence[SoftBounds]) -> Iterator[Violation]:
    for column, (joint, bound) in enumerate(zip(trajectory.joints, bounds, strict=True)):
        values = trajectory.positions[:, column]
        for end, limit, beyond in (
            (int(values.argmin()), bound.lower, bound.lower - values.min()),
            (int(values.argmax()), bound.upper, values.max() - bound.upper),
        ):
            if beyond > POSITION_TOLERANCE:
                t_s, value = float(trajectory.times_s[end]), float(values[end])
                yield Violation("position", joint, t_s, value, limit, bound.unit)


def _speeds(trajectory: Trajectory, bounds: Sequence[SoftBounds]) -> Iterator[Violation]:
    times_s, speeds = _mean_speeds(trajectory)
    for column, (joint, bound) in enumerate(zip(trajectory.joints, bounds, strict=True)):
        worst = int(speeds[:, column].argmax())
        speed = float(speeds[worst, column])
        if speed > bound.velocity * (1.0 + SPEED_TOLERANCE):
            unit = f"{bound.unit}/s"
            yield Violation("velocity", joint, float(times_s[worst]), speed, bound.velocity, unit)


def _mean_speeds(trajectory: Trajectory) -> tuple[FloatArray, FloatArray]:
    """Middles of windows (s), and the mean speeds in them; a longer gap is a window of its own."""
    times_s = trajectory.times_s
    after = np.searchsorted(times_s, times_s + SPEED_WINDOW_S)
    starts = np.flatnonzero(after < len(times_s))
    if len(starts) == 0:
        starts, ends = np.array([0]), np.array([len(times_s) - 1])
    else:
        ends = after[starts]
    lasted_s = times_s[ends] - times_s[starts]
    way = np.abs(trajectory.positions[ends] - trajectory.positions[starts])
    return (times_s[starts] + times_s[ends]) / 2, way / lasted_s[:, None]


def _clearances(trajectory: Trajectory, limit: ClearanceLimit) -> Iterator[Violation]:
    worst: Violation | None = None
    steps = int(trajectory.duration_s / CLEARANCE_STEP_S) + 2
    for t_s in np.linspace(0.0, trajectory.duration_s, steps).tolist():
        left, text = limit.clearance(trajectory.at(t_s))
        if left < limit.least_m - POSITION_TOLERANCE and (worst is None or left < worst.value):
            worst = Violation(limit.what, "", t_s, left, limit.least_m, "m", text)
    if worst is not None:
        yield worst
