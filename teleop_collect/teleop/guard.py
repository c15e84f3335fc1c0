"""What a guard is: it slows a whole arm's step down, after the limits of its single joints."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from teleop_collect.teleop.arm_step import ArmStep
from teleop_collect.teleop.limiter_bits import LimiterBits


class Guard(Protocol):
    """One limit of an arm as a whole."""

    @property
    def bit(self) -> LimiterBits:
        """The bit that is set when this guard slows a step down."""
        ...

    @property
    def joints(self) -> Sequence[int]:
        """Indices of the joints that it slows down."""
        ...

    @property
    def text(self) -> str:
        """After `share`: what was found, with value, limit and unit."""
        ...

    def share(self, step: ArmStep) -> float:
        """How much of the step is permitted: 1 all of it, 0 the stopping motion."""
        ...


Clearance = Callable[[Sequence[float]], tuple[float, str]]
"""Of a posture (rad or m by joint): how much is left, and of what, for a person."""

ROUNDS, NEAR = 4, 0.03
"""Looks for the permitted share; share of the room that may stay unused where they end sooner."""

SLACK = 0.02
"""Share of the whole swing that is kept free besides: the way is looked at in straight pieces."""


def clearance_share(
    step: ArmStep,
    joints: Sequence[int],
    clearance: Clearance,
    slow: float,
    stop: float,
    reach: Sequence[float] = (),
    slowed: Sequence[int] | None = None,
) -> tuple[float, str]:
    """The permitted share of a step by a clearance that must not fall below `stop`.

    What counts is the whole way on which the arm would come to rest after the step. A motion that
    ends with more clearance than there is now is free. Any other is slowed down in proportion to
    what is left between `slow` and `stop`, and so far that `stop` is kept on the way. The stopping
    motion goes where the step before was found to go, so it is permitted always.

    Args:
        step: as planned.
        joints: those that may be slowed down.
        clearance: of a posture.
        slow: clearance from which on to slow down; `stop` for none.
        stop: least clearance.
        reach: by joint, how much the clearance may change for 1 rad (or 1 m) of it; empty looks at
            the end of the way alone.
        slowed: joints whose speed is reduced between `slow` and `stop`; all when absent.

    Returns:
        The share, and what is near; empty when the share is 1.
    """
    if step.is_still:
        return 1.0, ""
    rest = step.rest(joints)
    left, text = clearance(rest)
    swing = sum([r * abs(a - b) for r, a, b in zip(reach, rest, step.positions, strict=False)])
    if left >= max(slow, stop + swing):
        return 1.0, ""
    stop += SLACK * swing
    slow = max(slow, stop)
    now, _ = clearance(step.positions)

    def least(share: float) -> tuple[float, str]:
        if not reach:
            return clearance(step.rest(joints, share))
        return _least_on(step.path(joints, share), clearance, reach)

    # What lies between both ends is at most half the swing away from one of them.
    if 0.5 * (left + now - swing) < stop:
        left, text = least(1.0)
    if left >= slow or left > now:
        return 1.0, ""
    if left >= stop:
        speed = (left - stop) / (slow - stop) if slow > stop else 1.0
        return step.speed_share(joints if slowed is None else slowed, speed), text
    return _largest_share(least, min(stop, now), left), text


def _least_on(
    path: Sequence[Sequence[float]], clearance: Clearance, reach: Sequence[float]
) -> tuple[float, str]:
    """The least clearance of a path's postures.

    Between two postures the clearance is at least half of what their sum exceeds the swing between
    them by. So most postures need no look.
    """
    pieces = np.abs(np.diff(np.asarray(path), axis=0)) @ np.asarray(reach)
    swing = [0.0, *np.cumsum(pieces).tolist()]
    first, last = clearance(path[0]), clearance(path[-1])
    least = min(first, last)
    between = [(0, first[0], len(path) - 1, last[0])]
    while between:
        i, left_i, j, left_j = between.pop()
        if j - i < 2 or 0.5 * (left_i + left_j - swing[j] + swing[i]) >= least[0]:
            continue
        middle = (i + j) // 2
        found = clearance(path[middle])
        least = min(least, found)
        between += [(i, left_i, middle, found[0]), (middle, found[0], j, left_j)]
    return least


def _largest_share(least: Callable[[float], tuple[float, str]], floor: float, left: float) -> float:
    """The root of clearance = floor between the stopping motion and the plan, on its safe side."""
    good, good_left = 0.0, least(0.0)[0]
    bad, bad_left = 1.0, left
    if good_left <= floor:
        return 0.0
    enough = floor + NEAR * (good_left - floor)
    for _ in range(ROUNDS):
        share = good + 0.9 * (bad - good) * (good_left - floor) / (good_left - bad_left)
        found = least(share)[0]
        if found >= floor:
            good, good_left = share, found
            if found <= enough:
                break
        else:
            bad, bad_left = share, found
    return good
