"""A small test motion of one arm: what was sent, what was measured, and what follows from it.

The follower moves one joint after the other by a small step and stays there, so that each joint is
seen alone, and ends in a second posture; then it returns. Where the leader is emulated, the hand
takes the leader along.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop_collect.samples import FloatArray

MAX_LAG_S = 0.5
LAG_STEP_S = 0.005


@dataclass(frozen=True)
class PosePair:
    """Leader and follower at rest in what should be the same posture.

    Attributes:
        leader: where the mapped leader asks each follower joint to be.
        follower: measured position of at least the same joints.
    """

    leader: Mapping[str, float]
    follower: Mapping[str, float]


@dataclass(frozen=True)
class JointStep:
    """One joint's step: from `begin_ns` on, at rest again by `end_ns` (UTC)."""

    joint: str
    begin_ns: int
    end_ns: int


@dataclass(frozen=True, eq=False)
class MotionRecord:
    """What happened.

    Attributes:
        joints: columns of `sent` and `measured`.
        sent_ns: UTC times of commands, shape (N,).
        sent: commanded positions, shape (N, joints), rad or m.
        measured_ns: stamps of measurements, shape (M,).
        measured: measured positions, shape (M, joints).
        steps: in order.
        poses: leader and follower at rest, the first before the motion; empty without a leader that
            can be taken along.
        forces_n: mean force (xyz, sensor frame) at the first posture and at the second.
        stopped: why the motion was not begun or broken off; "" when all of it was done.
    """

    joints: tuple[str, ...]
    sent_ns: NDArray[np.int64]
    sent: FloatArray
    measured_ns: NDArray[np.int64]
    measured: FloatArray
    steps: tuple[JointStep, ...] = ()
    poses: tuple[PosePair, ...] = ()
    forces_n: tuple[tuple[float, float, float], ...] = ()
    stopped: str = ""

    @property
    def begun(self) -> bool:
        """Whether anything was sent; where not, `stopped` says nothing of the arm."""
        return len(self.sent_ns) > 0

    def rest_postures(self) -> tuple[dict[str, float], dict[str, float]] | None:
        """Measured joints where forces were averaged: before the first step and after the last."""
        if not self.steps or not len(self.measured_ns):
            return None
        ends = (self.steps[0].begin_ns, self.steps[-1].end_ns)
        last = len(self.measured_ns) - 1
        rows = [min(int(np.searchsorted(self.measured_ns, end)), last) for end in ends]
        first, second = (
            dict(zip(self.joints, self.measured[r].tolist(), strict=True)) for r in rows
        )
        return first, second


@dataclass(frozen=True)
class StepResponse:
    """How the arm answered to one joint's step.

    Attributes:
        joint: the one that was commanded.
        commanded: how far, rad or m.
        moved: how far it went.
        error: commanded minus measured position at the end.
        lag_s: delay at which measured and sent movement agree best; None when it hardly moved.
        mover: the joint that moved most, of the same kind where possible.
        mover_moved: how far that one went.
    """

    joint: str
    commanded: float
    moved: float
    error: float
    lag_s: float | None
    mover: str
    mover_moved: float


def responses(record: MotionRecord) -> tuple[StepResponse, ...]:
    """How the arm answered to each step."""
    return tuple(r for step in record.steps if (r := _response(record, step)) is not None)


def _response(record: MotionRecord, step: JointStep) -> StepResponse | None:
    column = record.joints.index(step.joint)
    sent = _between(record.sent_ns, record.sent, step)
    seen = _between(record.measured_ns, record.measured, step)
    if sent is None or seen is None:
        return None
    (sent_t, sent_rows), (seen_t, seen_rows) = sent, seen
    change = seen_rows[-1] - seen_rows[0]
    commanded = float(sent_rows[-1, column] - sent_rows[0, column])
    moved = float(change[column])
    mover = int(np.argmax(np.abs(change)))
    lag = None
    if abs(moved) > 0.3 * abs(commanded):
        lag = _lag_s(sent_t, sent_rows[:, column], seen_t, seen_rows[:, column])
    return StepResponse(
        step.joint,
        commanded,
        moved,
        float(sent_rows[-1, column] - seen_rows[-1, column]),
        lag,
        record.joints[mover],
        float(change[mover]),
    )


def _between(
    times_ns: NDArray[np.int64], rows: FloatArray, step: JointStep
) -> tuple[FloatArray, FloatArray] | None:
    inside = (times_ns >= step.begin_ns) & (times_ns <= step.end_ns)
    if inside.sum() < 3:
        return None
    return (times_ns[inside] - step.begin_ns) / 1e9, rows[inside]


def _lag_s(sent_t: FloatArray, sent: FloatArray, seen_t: FloatArray, seen: FloatArray) -> float:
    """Delay with the smallest mean square between what was sent and what was measured."""
    lags = np.arange(0.0, MAX_LAG_S, LAG_STEP_S)
    costs = [float(np.mean((np.interp(seen_t - lag, sent_t, sent) - seen) ** 2)) for lag in lags]
    return float(lags[int(np.argmin(costs))])
