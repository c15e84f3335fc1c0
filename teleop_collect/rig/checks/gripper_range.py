"""Check: the gripper opens and closes as far as it is told."""

from teleop_collect.rig.checks.arm_joints import is_gripper
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion_checks import all_responses, missing
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good

MIN_SHARE = 0.85
"""Of the commanded travel; pads and backlash take some of it."""


class GripperRange:
    """Travel of each gripper joint in the test motion, which takes it to its other end."""

    name = "gripper_range"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare travelled with commanded."""
        if (result := missing(self, context)) is not None:
            return result
        shares = {
            f"arm '{arm}': {r.joint}": r.moved / r.commanded
            for arm, r in all_responses(context)
            if r.commanded and is_gripper(context, arm, r.joint)
        }
        if not shares:
            return good(self, "the rig has no gripper joint")
        short = [f"{where} travels {s:.0%}" for where, s in shares.items() if s < MIN_SHARE]
        least = round(min(shares.values()), 3)
        if short:
            todo = "remove what the gripper holds; check its zero position and limits"
            return bad(self, "; ".join(short), todo, least, MIN_SHARE, "of the range")
        return good(self, "grippers travel their range", least, MIN_SHARE, "of the range")
