"""Check: leader and follower report every joint of the rig file by name, with a finite position."""

import math
from collections.abc import Iterable

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.samples import JointSample
from teleop_collect.topics import arm_topic


class JointsPresent:
    """Joints are keyed by name everywhere, so a missing name is a robot that cannot be driven."""

    name = "joints_present"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare names of both sides of each arm with the rig file."""
        found = []
        for arm in context.rig.arms.values():
            sides = [(topics.FOLLOWER_JOINT_STATES, arm.joints)]
            if arm.leader.driver != "spacemouse":
                sides.insert(0, (topics.LEADER_JOINT_STATES, arm.leader_joints))
            for topic, expected in sides:
                sample = context.joints(arm, topic)
                found += _problems(arm_topic(arm.prefix, topic), expected, sample)
        if found:
            todo = "correct the joint names in the driver or in the rig file"
            return bad(self, "; ".join(found), todo, len(found), 0, "problems")
        return good(self, "every joint is reported", 0, 0, "problems")


def _problems(topic: str, expected: Iterable[str], sample: JointSample | None) -> list[str]:
    if sample is None:
        return [f"{topic}: no joint states with one position for each name received"]
    positions = sample.by_name()
    missing = [name for name in expected if name not in positions]
    if missing:
        return [f"{topic}: no joint {', '.join(missing)} (it has: {', '.join(sample.names)})"]
    broken = [name for name in expected if not math.isfinite(positions[name])]
    return [f"{topic}: position of {', '.join(broken)} is not finite"] if broken else []
