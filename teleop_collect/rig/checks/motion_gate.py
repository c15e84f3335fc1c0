"""The part of the gate that needs the arm to move: what stands from one check to the next.

A stuck servo or a leader that is 4 degrees off shows in no other check. So the gate asks for a test
motion that passed, as young as the rest; a check in which no arm moved changes nothing of what the
last motion said, good or bad.
"""

from collections.abc import Iterable, Mapping

from teleop_collect.clock import NS_PER_S
from teleop_collect.rig.checks.result import CheckResult
from teleop_collect.rig.config import DynamixelFollower, Rig
from teleop_collect.rig.runtime import SIM_SCHEME

POSES = "leader_follower_poses"
MOTION = frozenset(
    {
        POSES,
        "follower_stuck",
        "follower_order",
        "follower_tracking",
        "follower_lag",
        "gripper_range",
        "wrench_gravity",
    }
)
"""Checks that need the arm to move."""


def moves_by_itself(rig: Rig) -> bool:
    """Whether the check may move every arm unasked: all followers are simulated or emulated."""
    return rig.check.motion_rad > 0 and all(
        arm.follower.driver == "sim"
        or (
            isinstance(arm.follower, DynamixelFollower) and arm.follower.port.startswith(SIM_SCHEME)
        )
        for arm in rig.arms.values()
    )


def checks_off(rig: Rig) -> tuple[str, ...]:
    """Checks that the rig file turns off by `check.motion_rad: 0`."""
    return tuple(sorted(MOTION)) if rig.check.motion_rad == 0 else ()


def judged(results: Iterable[CheckResult]) -> dict[str, CheckResult]:
    """Results of a motion, by check; without those that saw none."""
    return {r.check: r for r in results if r.check in MOTION and r.severity != "info"}


def motion_reason(
    rig: Rig,
    rig_path: str,
    results: Iterable[CheckResult],
    motion_at_ns: Mapping[str, int],
    now_ns: int,
    max_age_s: float,
) -> str | None:
    """Why the results do not stand for a test motion; None when they do, or it is turned off.

    Args:
        rig: the rig that is to move.
        rig_path: its file, for what a person should run.
        results: of the report.
        motion_at_ns: when each motion check was judged, UTC ns.
        now_ns: UTC now, ns.
        max_age_s: oldest motion that still counts.
    """
    oldest_ns = now_ns - round(max_age_s * NS_PER_S)
    lacking = [n for n in sorted(_needed(rig)) if motion_at_ns.get(n, 0) < oldest_ns]
    if not lacking:
        return None
    said = {r.check: r.message for r in results}
    why = {said.get(n, "not checked") if n not in motion_at_ns else "too old" for n in lacking}
    return (
        f"no test motion has passed for {', '.join(lacking)} ({'; '.join(sorted(why))}); run "
        f"`teleop-collect check --rig {rig_path} --motion` with the arm's surroundings clear"
    )


def _needed(rig: Rig) -> frozenset[str]:
    """Checks whose motion must have passed.

    Only an emulated hand can take a leader along. Elsewhere a person compares the postures, which
    not every follower that holds its position allows: what was compared counts, good or bad, but
    nobody must.
    """
    if checks_off(rig):
        return frozenset()
    return MOTION if moves_by_itself(rig) else MOTION - {POSES}
