"""Check: leader and follower agree in at least two postures: offset, sign and order of joints."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from teleop_collect.rig.checks.arm_joints import tolerance
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion import PosePair
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen

POSES = 2
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
        compared = {arm: p for arm, p in context.poses.items() if len(p) >= POSES}
        if not compared:
            todo = "run `check --motion` (emulated leader) or `check --poses`"
            return unseen(self, "leader and follower were not compared in two postures", todo)
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
        count = min(len(poses) for poses in compared.values())
        return good(self, f"agree in {count} postures", round(size, 4), limit, unit)


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
