"""Check: how far leader and follower are apart before anybody engages."""

from teleop_collect import topics
from teleop_collect.rig.arm_validation import leader_joints
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import Arm, JointMapping


class LeaderFollowerOffset:
    """The gap that engaging has to close, per joint; a large one may also be a wrong zero."""

    name = "leader_follower_offset"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare mapped leader and follower; the reported value is the joint worst off."""
        align = context.rig.teleop.align
        worst = (0.0, 0.0, align.tolerance_rad, "rad", "")
        for name, arm in context.rig.arms.items():
            gaps = _gaps(context, arm)
            if gaps is None:
                todo = "start leader and follower"
                return bad(self, f"arm '{name}': leader or follower unseen", todo, "unknown")
            for joint, gap in gaps.items():
                is_linear = context.descriptions[name].joints[joint].type == "prismatic"
                limit = align.tolerance_m if is_linear else align.tolerance_rad
                unit = "m" if is_linear else "rad"
                worst = max(worst, (gap / limit, gap, limit, unit, f"arm '{name}': {joint}"))
        ratio, gap, limit, unit, where = worst
        if ratio > 1:
            message = f"{where}: leader and follower are {gap:.3f} {unit} apart"
            todo = (
                "engaging will ramp the follower to the leader; move the leader nearer if unsure"
                if align.on_gap == "ramp"
                else "move the leader to the follower's posture, or engaging is refused"
            )
            return bad(self, message, todo, round(gap, 4), limit, unit)
        return good(self, "leader and follower agree", round(gap, 4), limit, unit)


def _gaps(context: CheckContext, arm: Arm) -> dict[str, float] | None:
    leader = context.joints(arm, topics.LEADER_JOINT_STATES)
    follower = context.joints(arm, topics.FOLLOWER_JOINT_STATES)
    if leader is None or follower is None:
        return None
    at_leader, at_follower = leader.by_name(), follower.by_name()
    gaps = {}
    for joint, leader_joint in leader_joints(arm).items():
        if leader_joint in at_leader and joint in at_follower:
            mapping = arm.mapping.get(joint, JointMapping())
            asked = mapping.sign * mapping.scale * at_leader[leader_joint] + mapping.offset
            gaps[joint] = abs(asked - at_follower[joint])
    return gaps
