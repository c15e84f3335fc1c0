"""Check: this machine reaches teleoperation's rate."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen

MIN_SHARE = 0.9


class ControlRate:
    """A paced loop of `teleop.rate_hz`, run while the rig is observed."""

    name = "control_rate"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare the rate reached with the rate asked."""
        wanted, reached = context.rig.teleop.rate_hz, context.machine.loop_hz
        if reached is None:
            return unseen(self, "the loop was not run", "run the whole check")
        limit = round(MIN_SHARE * wanted, 1)
        message = f"a loop of {wanted:g} Hz reaches {reached:.1f} Hz"
        if reached < limit:
            todo = "end other programs, allow SCHED_FIFO (rtprio), or lower teleop.rate_hz"
            return bad(self, message, todo, round(reached, 1), limit, "Hz")
        return good(self, message, round(reached, 1), limit, "Hz")
