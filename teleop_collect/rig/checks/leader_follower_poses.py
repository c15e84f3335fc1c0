"""Check: leader and follower agree in at least two postures: offset, sign and order of joints."""

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

import numpy as np

from teleop_collect.rig.checks.arm_joints import tolerance
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion import PosePair
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.description import effective_limits

POSES = 2
APART = 2.0
"""Tolerances by which a joint must move: then a leader that stands still or turns the other way is
out of tolerance in one of the postures."""
NARROW = 0.2
"""Share of its range that is enough where that is less; the test motion uses a quarter."""
FOLLOWS = 0.7
"""A joint whose leader moved by this share of the follower's movement belongs to it."""


class LeaderFollowerPoses:
    """Published data sets have leaders that stand 4 degrees and more off; 0.5 is good.

    The scale is that of huggingface/lerobot#3762: 0.5 degrees fine, 2 mild, 4 and more significant.
    """

    name = "leader_follower_poses"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare mapped leader and follower joint by joint over all postures."""
        arms = [n for n, a in context.rig.arms.items() if a.leader.driver != "spacemouse"]
        if not arms:
            return good(self, "no leader arm in this rig")
        compared = {arm: p for arm in arms if len(p := context.poses.get(arm, ())) >= POSES}
        found: list[tuple[str, float, float, str]] = []
        worst = (0.0, 0.0, 1.0, "rad")
        for arm, poses in compared.items():
            for joint in poses[0].leader:
                limit, unit = tolerance(context, arm, joint)
                problem, size = _judge(poses, joint, limit, unit)
                worst = max(worst, (size / limit, size, limit, unit))
                if problem:
                    found.append((f"arm '{arm}': {joint}: {problem}", size, limit, unit))
        _, size, limit, unit = worst
        if found:
            todo = "run `teleop-collect calibrate leader`, or correct the mapping"
            message = "; ".join(text for text, *_ in found)
            return bad(self, message, todo, round(size, 4), limit, unit)
        if (blind := _blind(context, arms, compared)) is not None:
            todo = "run `check --motion` (emulated leader) or `check --poses`"
            return unseen(self, blind, todo)
        count = min(len(poses) for poses in compared.values())
        return good(self, f"agree in {count} postures", round(size, 4), limit, unit)


def _blind(
    context: CheckContext, arms: list[str], compared: Mapping[str, tuple[PosePair, ...]]
) -> str | None:
    """Why postures that agree prove too little: sign and order show only when joints move."""
    for arm in arms:
        if arm not in compared:
            return f"arm '{arm}': leader and follower were not compared in two postures"
        poses = compared[arm]
        bounds = effective_limits(context.rig.arms[arm], context.descriptions[arm])
        for joint in poses[0].leader:
            limit, unit = tolerance(context, arm, joint)
            need = min(APART * limit, NARROW * (bounds[joint].upper - bounds[joint].lower))
            moved = float(np.ptp([pose.follower[joint] for pose in poses]))
            if not moved >= need:
                return (
                    f"arm '{arm}': {joint} moved by {moved:.3f} {unit} between the postures, at "
                    f"least {need:.3f} are needed"
                )
        if pair := _alike(context, arm, poses):
            return (
                f"arm '{arm}': {' and '.join(pair)} stand alike in every posture, so exchanged "
                "joints would not show"
            )
    return None


def _alike(context: CheckContext, arm: str, poses: tuple[PosePair, ...]) -> tuple[str, str] | None:
    """Two joints of one kind whose exchange no posture would show."""
    for one, other in combinations(poses[0].leader, 2):
        limit, unit = tolerance(context, arm, one)
        if tolerance(context, arm, other)[1] == unit and all(
            abs(pose.follower[one] - pose.follower[other]) <= limit for pose in poses
        ):
            return one, other
    return None


def _judge(
    poses: tuple[PosePair, ...], joint: str, limit: float, unit: str
) -> tuple[str | None, float]:
    """What is wrong with a joint, and its largest error."""
    errors = np.array([pose.leader[joint] - pose.follower[joint] for pose in poses])
    size = float(np.abs(errors).max())
    if not np.isfinite(size):
        return "position is not a number", float("inf")
    if size <= limit:
        return None, size
    moved = _movement(poses, joint)
    if moved is not None:
        own = _share(poses, joint, joint, moved)
        if own < -FOLLOWS:
            return "the leader turns the other way (sign)", size
        others = [j for j in _others(poses, joint) if _share(poses, j, joint, moved) > FOLLOWS]
        if others and own < 1 - FOLLOWS:
            return f"it is the leader's {others[0]} that moves instead (order)", size
        if own < 1 - FOLLOWS:
            return "the leader does not move (stuck)", size
    if float(np.ptp(errors)) <= limit:
        return f"constant offset of {float(np.median(errors)):+.3f} {unit}", size
    return f"up to {size:.3f} {unit} apart, differently in each posture", size


def _movement(poses: tuple[PosePair, ...], joint: str) -> int | None:
    """The posture before which this follower joint moved most; None when it never moved."""
    changes = [abs(b.follower[joint] - a.follower[joint]) for a, b in _steps(poses)]
    best = int(np.argmax(changes))
    return best if changes[best] > 1e-3 else None


def _share(poses: tuple[PosePair, ...], leader: str, follower: str, step: int) -> float:
    """Movement of a leader joint over that of a follower joint, in one step."""
    a, b = poses[step], poses[step + 1]
    return (b.leader[leader] - a.leader[leader]) / (b.follower[follower] - a.follower[follower])


def _others(poses: tuple[PosePair, ...], joint: str) -> list[str]:
    return [j for j in poses[0].leader if j != joint]


def _steps(poses: tuple[PosePair, ...]) -> Iterator[tuple[PosePair, PosePair]]:
    return pairwise(poses)
