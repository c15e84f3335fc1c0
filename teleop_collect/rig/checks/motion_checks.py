"""What the checks of the test motion share: the records that can be judged, and why others not."""

from collections.abc import Iterator

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion import StepResponse, responses
from teleop_collect.rig.checks.result import Check, CheckResult, bad, unseen

TODO = "run `teleop-collect check --motion` with the arm's surroundings clear"


def missing(check: Check, context: CheckContext) -> CheckResult | None:
    """The result where no motion can be judged; None when all arms moved."""
    if context.rig.check.motion_rad == 0:
        todo = "set check.motion_rad to let the arm move a little"
        return unseen(check, "the rig file turns the test motion off (check.motion_rad: 0)", todo)
    if not context.motions:
        return unseen(check, "the arm was not moved", TODO)
    stopped = {arm: r for arm, r in context.motions.items() if r.stopped}
    text = "; ".join(f"arm '{arm}': {record.stopped}" for arm, record in stopped.items())
    if any(record.begun for record in stopped.values()):
        return bad(check, f"the test motion was not done: {text}", "remove the cause", "unknown")
    if stopped:
        return unseen(check, f"the test motion was not begun: {text}", "remove the cause")
    return None


def all_responses(context: CheckContext) -> Iterator[tuple[str, StepResponse]]:
    """Arm and response of every step."""
    for arm, record in context.motions.items():
        for response in responses(record):
            yield arm, response
