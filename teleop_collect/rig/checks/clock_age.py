"""Check: header stamps are fresh and not from the future, so all clocks agree."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.streams import checked_streams

MAX_AGE_S = 0.2
MAX_FUTURE_S = 0.02
"""Ours: an age of 0.2 s is the recorder's largest stall; 20 ms ahead is no jitter but a clock."""


class ClockAge:
    """Median age of each required stream's stamps on arrival."""

    name = "clock_age"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Check every required stream that has a header; the reported age is the worst."""
        found = []
        worst_s: float | None = None
        for stream in checked_streams(context.rig):
            age_s = context.observation(stream.topic).stamp_age_s
            if not stream.required or age_s is None:
                continue
            if worst_s is None or abs(age_s) > abs(worst_s):
                worst_s = age_s
            if age_s > MAX_AGE_S:
                found.append(f"{stream.topic}: stamps are {age_s:.3f} s old on arrival")
            elif age_s < -MAX_FUTURE_S:
                found.append(f"{stream.topic}: stamps are {-age_s:.3f} s in the future")
        if worst_s is None:
            todo = "start the rig's drivers"
            return bad(self, "no stamped message received", todo, "unknown", MAX_AGE_S, "s")
        measured = round(worst_s, 4)
        if found:
            todo = "synchronise the clocks (chrony) or stamp at the moment of measurement"
            return bad(self, "; ".join(found), todo, measured, MAX_AGE_S, "s")
        return good(self, "stamps are fresh", measured, MAX_AGE_S, "s")
