"""Check: the follower stands within its limits, so that the first command need not jump."""

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.description import effective_limits
from teleop_collect.topics import arm_topic

TOLERANCE_RAD = 0.02
TOLERANCE_M = 0.002
"""Sag and sensor noise at an end stop; ours, for arms of tabletop size."""


class JointsWithinLimits:
    """Measured positions against the narrower of URDF and rig file."""

    name = "joints_within_limits"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Check the last sample of every follower."""
        found, unseen = [], []
        for name, arm in context.rig.arms.items():
            sample = context.joints(arm, topics.FOLLOWER_JOINT_STATES)
            if sample is None:
                unseen.append(arm_topic(arm.prefix, topics.FOLLOWER_JOINT_STATES))
                continue
            description = context.descriptions[name]
            positions = sample.by_name()
            for joint, bounds in effective_limits(arm, description).items():
                is_linear = description.joints[joint].type == "prismatic"
                slack = TOLERANCE_M if is_linear else TOLERANCE_RAD
                position = positions.get(joint)
                if position is None:
                    continue  # joints_present says so
                if not bounds.lower - slack <= position <= bounds.upper + slack:
                    unit = "m" if is_linear else "rad"
                    found.append(
                        f"arm '{name}': {joint} is at {position:.3f} {unit}, "
                        f"limits {bounds.lower:g} to {bounds.upper:g}"
                    )
        if unseen:
            todo = "start the follower's driver"
            return bad(self, f"no sample of {', '.join(unseen)}", todo, "unknown")
        if found:
            todo = "move the arm back within its limits, or correct its zero position"
            return bad(self, "; ".join(found), todo, len(found), 0, "joints")
        return good(self, "every follower joint is within its limits", 0, 0, "joints")
