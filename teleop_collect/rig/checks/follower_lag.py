"""Check: the follower follows without long delay."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion_checks import all_responses, missing
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good


class FollowerLag:
    """Delay at which measured and commanded movement agree best; the worst joint counts."""

    name = "follower_lag"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every joint that moved."""
        if (result := missing(self, context)) is not None:
            return result
        lags = [
            (response.lag_s, f"arm '{arm}': {response.joint}")
            for arm, response in all_responses(context)
            if response.lag_s is not None
        ]
        limit = context.rig.check.max_lag_s
        if not lags:
            todo = "look at follower_stuck and at the follower's driver"
            return bad(self, "no joint moved", todo, "unknown", limit, "s")
        worst_s, where = max(lags)
        if worst_s > limit:
            todo = "look for a slow driver, a low control rate or soft gains"
            message = f"{where} follows {worst_s:.3f} s late"
            return bad(self, message, todo, round(worst_s, 4), limit, "s")
        return good(self, f"slowest is {where}", round(worst_s, 4), limit, "s")
