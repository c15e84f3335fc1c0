"""Check: no device's clock has moved against this machine's since the rig was good."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.streams import checked_streams

MAX_CHANGE_S = 0.03
"""Ours; half of what shows as a jump in 15 Hz images, and well above a driver's jitter."""


class ClockOffset:
    """Smallest age of each stream's stamps against the baseline's.

    Delays only add to an age, so the smallest one over some seconds moves with the clocks alone.
    """

    name = "clock_offset"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare every stamped stream that the baseline has."""
        if context.baseline is None:
            todo = "save a baseline with `teleop-collect check --save-baseline`"
            return unseen(self, "no baseline of the clocks to compare with", todo)
        changes: dict[str, float] = {}
        for stream in checked_streams(context.rig):
            before = context.baseline.ages_s.get(stream.topic)
            timing = context.observation(stream.topic).timing
            now = None if timing is None else timing.least_age_s
            if before is not None and now is not None:
                changes[stream.topic] = now - before
        if not changes:
            return bad(self, "no stamped message received", "start the drivers", "unknown")
        worst = max(changes.values(), key=abs)
        off = [f"{t}: {c * 1e3:+.0f} ms" for t, c in changes.items() if abs(c) > MAX_CHANGE_S]
        if off:
            todo = "synchronise the clocks (chrony, PTP); look at the driver's time stamps"
            message = f"stamps have moved since the baseline: {'; '.join(off)}"
            return bad(self, message, todo, round(worst, 4), MAX_CHANGE_S, "s")
        return good(self, "stamps are as at the baseline", round(worst, 4), MAX_CHANGE_S, "s")
