"""Check: no joint of the follower stands still when it is told to move."""

from teleop_collect.rig.checks.arm_joints import is_gripper
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion_checks import all_responses, missing
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good

MIN_SHARE = 0.3
"""Of its step that a joint must move."""


class FollowerStuck:
    """A blocked or dead servo, or an encoder that repeats itself."""

    name = "follower_stuck"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare movement and step of every joint but grippers (see `gripper_range`)."""
        if (result := missing(self, context)) is not None:
            return result
        shares = {
            f"arm '{arm}': {r.joint}": abs(r.moved / r.commanded)
            for arm, r in all_responses(context)
            if r.commanded and not is_gripper(context, arm, r.joint)
        }
        if not shares:
            return bad(self, "no joint was measured", "look at the driver", "unknown", MIN_SHARE)
        stuck = [where for where, share in shares.items() if share < MIN_SHARE]
        least = round(min(shares.values()), 3)
        if stuck:
            todo = "free the joint; check its power, torque and cable"
            message = f"does not move when commanded: {'; '.join(stuck)}"
            return bad(self, message, todo, least, MIN_SHARE, "of the step")
        return good(self, f"{len(shares)} joints move", least, MIN_SHARE, "of the step")
