"""What a guard is: it slows a whole arm's step down, after the limits of its single joints."""

from collections.abc import Callable, Sequence
from typing import Protocol

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

ROUNDS = 4

SLACK = 0.02
"""Share of the whole swing that is kept free besides: the way is looked at in straight pieces."""


def clearance_share(
    step: ArmStep,
    joints: Sequence[int],
    clearance: Clearance,
    slow: float,
    stop: float,
    reach: float = 0.0,
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
        reach: how much the clearance may change for 1 rad (or 1 m) of all joints together; 0 looks
            at the end of the way alone.
        slowed: joints whose speed is reduced between `slow` and `stop`; all when absent.

    Returns:
        The share, and what is near; empty when the share is 1.
    """
    if step.is_still:
        return 1.0, ""
    rest = step.rest(joints)
    left, text = clearance(rest)
    swing = reach * sum(abs(a - b) for a, b in zip(rest, step.positions, strict=True))
    if left >= max(slow, stop + swing):
        return 1.0, ""
    stop += SLACK * swing
    slow = max(slow, stop)
    now, _ = clearance(step.positions)

    def least(share: float) -> tuple[float, str]:
        if reach == 0.0:
            return clearance(step.rest(joints, share))
        return min(clearance(posture) for posture in step.path(joints, share))

    if min(left, now) - swing < stop:
        left, text = least(1.0)
    if left >= slow or left > now:
        return 1.0, ""
    if left >= stop:
        speed = (left - stop) / (slow - stop) if slow > stop else 1.0
        return step.speed_share(joints if slowed is None else slowed, speed), text
    return _largest_share(least, min(stop, now), left), text


def _largest_share(least: Callable[[float], tuple[float, str]], floor: float, left: float) -> float:
    """The root of clearance = floor between the stopping motion and the plan, on its safe side."""
    good, good_left = 0.0, least(0.0)[0]
    bad, bad_left = 1.0, left
    if good_left <= floor:
        return 0.0
    for _ in range(ROUNDS):
        share = good + 0.9 * (bad - good) * (good_left - floor) / (good_left - bad_left)
        found = least(share)[0]
        if found >= floor:
            good, good_left = share, found
        else:
            bad, bad_left = share, found
    return good
