"""Check: how far leader and follower are apart before anybody engages."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import JointMapping
from teleop_collect.rig.device_validation import leader_joints


@dataclass(frozen=True)
class _Gap:
    """How far one joint is off, rad or m as `unit` says."""

    where: str
    size: float
    limit: float
    unit: str


class LeaderFollowerOffset:
    """The gap that engaging has to close, per joint; a large one may also be a wrong zero."""

    name = "leader_follower_offset"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare mapped leader and follower; the reported value is the joint worst off."""
        gaps: list[_Gap] = []
        for name in _with_leader_arm(context):
            found = list(_gaps(context, name))
            if not found:
                todo = "start leader and follower"
                return bad(self, f"arm '{name}': leader or follower unseen", todo, "unknown")
            gaps += found
        if not gaps:
            return good(self, "no leader arm in this rig")
        worst = max(gaps, key=lambda gap: gap.size / gap.limit)
        if math.isinf(worst.size):
            todo = "look at the joint's driver"
            return bad(self, f"{worst.where}: the offset is not a number", todo, "unknown")
        measured = round(worst.size, 4)
        if worst.size > worst.limit:
            message = f"{worst.where}: leader and follower are {worst.size:.3f} {worst.unit} apart"
            return bad(self, message, _advice(context), measured, worst.limit, worst.unit)
        return good(self, "leader and follower agree", measured, worst.limit, worst.unit)


def _with_leader_arm(context: CheckContext) -> list[str]:
    """Arms whose leader has joints; a SpaceMouse starts from where the follower is."""
    return [n for n, arm in context.rig.arms.items() if arm.leader.driver != "spacemouse"]


def _advice(context: CheckContext) -> str:
    if context.rig.teleop.align.on_gap == "ramp":
        return "engaging will ramp the follower to the leader; move the leader nearer if unsure"
    return "move the leader to the follower's posture, or engaging is refused"


def _gaps(context: CheckContext, name: str) -> Iterator[_Gap]:
    """Gaps of the joints that both sides report; not-a-number counts as infinitely far."""
    arm, align = context.rig.arms[name], context.rig.teleop.align
    leader = context.joints(arm, topics.LEADER_JOINT_STATES)
    follower = context.joints(arm, topics.FOLLOWER_JOINT_STATES)
    if leader is None or follower is None:
        return
    at_leader, at_follower = leader.by_name(), follower.by_name()
    for joint, leader_joint in leader_joints(arm).items():
        if leader_joint in at_leader and joint in at_follower:
            mapping = arm.mapping.get(joint, JointMapping())
            asked = mapping.sign * mapping.scale * at_leader[leader_joint] + mapping.offset
            size = abs(asked - at_follower[joint])
            is_linear = context.descriptions[name].joints[joint].type == "prismatic"
            limit = align.tolerance_m if is_linear else align.tolerance_rad
            unit = "m" if is_linear else "rad"
            where = f"arm '{name}': {joint}"
            yield _Gap(where, size if math.isfinite(size) else math.inf, limit, unit)
