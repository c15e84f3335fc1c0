"""Check: the follower goes where it is told."""

from teleop_collect.rig.checks.arm_joints import is_gripper, tolerance
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion_checks import all_responses, missing
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good


class FollowerTracking:
    """Commanded minus measured position when each joint has come to rest after its step."""

    name = "follower_tracking"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every joint but grippers, which close on what they hold."""
        if (result := missing(self, context)) is not None:
            return result
        found, worst = [], (0.0, 0.0, context.rig.check.joint_tolerance_rad, "rad")
        for arm, response in all_responses(context):
            if is_gripper(context, arm, response.joint):
                continue
            limit, unit = tolerance(context, arm, response.joint)
            error = abs(response.error)
            worst = max(worst, (error / limit, error, limit, unit))
            if error > limit:
                where = f"arm '{arm}': {response.joint}"
                found.append(f"{where} stays {response.error:+.3f} {unit} from its command")
        _, error, limit, unit = worst
        if found:
            todo = "look for a blocked, overloaded or badly tuned joint"
            return bad(self, "; ".join(found), todo, round(error, 4), limit, unit)
        return good(self, "every joint reaches its command", round(error, 4), limit, unit)
