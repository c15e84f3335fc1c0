"""What the checks of the test motion share: the records that can be judged, and why others not."""

from collections.abc import Iterator

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion import StepResponse, responses
from teleop_collect.rig.checks.result import Check, CheckResult, bad, unseen

TODO = "run `teleop-collect check --motion` with the arm's surroundings clear"


def missing(check: Check, context: CheckContext) -> CheckResult | None:
    """The result where no motion can be judged; None when all arms moved."""
    if not context.motions:
        return unseen(check, "the arm was not moved", TODO)
    stopped = {arm: r.stopped for arm, r in context.motions.items() if r.stopped}
    if stopped:
        text = "; ".join(f"arm '{arm}': {reason}" for arm, reason in stopped.items())
        return bad(check, f"the test motion was not done: {text}", "remove the cause", "unknown")
    return None


def all_responses(context: CheckContext) -> Iterator[tuple[str, StepResponse]]:
    """Arm and response of every step."""
    for arm, record in context.motions.items():
        for response in responses(record):
            yield arm, response
