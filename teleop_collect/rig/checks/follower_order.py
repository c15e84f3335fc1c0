"""Check: the joint that is told to move is the one that moves, and moves that way."""

from teleop_collect.rig.checks.arm_joints import is_linear
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion import StepResponse
from teleop_collect.rig.checks.motion_checks import all_responses, missing
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good

MOVED = 0.5
"""Share of the step from which on a joint counts as moved."""


class FollowerOrder:
    """Joint order and signs of the follower's driver or controller."""

    name = "follower_order"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Look which joint answered each step."""
        if (result := missing(self, context)) is not None:
            return result
        steps = list(all_responses(context))
        found = [
            f"arm '{arm}': {problem}"
            for arm, response in steps
            if (problem := _problem(context, arm, response)) is not None
        ]
        if found:
            todo = "correct order and signs in the driver's, controller's or rig file's joints"
            return bad(self, "; ".join(found), todo, len(found), 0, "joints")
        return good(self, f"{len(steps)} joints answer to their own names", 0, 0, "joints")


def _problem(context: CheckContext, arm: str, response: StepResponse) -> str | None:
    share = response.moved / response.commanded if response.commanded else 0.0
    if share <= -MOVED:
        return f"{response.joint} moves the other way"
    comparable = is_linear(context, arm, response.joint) == is_linear(context, arm, response.mover)
    other = response.mover != response.joint and comparable
    if other and abs(share) < MOVED <= abs(response.mover_moved / response.commanded):
        return f"{response.joint} was commanded and {response.mover} moved"
    return None
