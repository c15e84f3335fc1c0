"""Check: neither this machine's clock nor a stream's stamps step while they are observed."""

import numpy as np

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.trace import Timing
from teleop_collect.rig.streams import checked_streams

PIECES = 4
MIN_MESSAGES = 20
MAX_CHANGE_S = 0.03
"""Between pieces of the observation; a clock step of 50 ms is more, jitter is less."""


class ClockDrift:
    """Smallest age of stamps in the last quarter of the observation, against the first.

    What all streams share is a delay of this machine and not a clock of theirs; a step of this
    machine's own clock, which all share too, shows against its monotonic clock.
    """

    name = "clock_drift"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every stream with enough stamped messages."""
        step_s = context.machine.clock_step_s or 0.0
        if abs(step_s) > MAX_CHANGE_S:
            todo = "let chrony slew the clock instead of stepping it; check again"
            message = f"this machine's clock stepped by {step_s * 1e3:+.0f} ms during the check"
            return bad(self, message, todo, round(abs(step_s), 4), MAX_CHANGE_S, "s")
        changes: dict[str, float] = {}
        for stream in checked_streams(context.rig):
            timing = context.observation(stream.topic).timing
            if timing is not None and len(timing.age_ns) >= MIN_MESSAGES:
                changes[stream.topic] = _change_s(timing)
        if not changes:
            return bad(self, "no stamped message received", "start the drivers", "unknown")
        shared = float(np.median(list(changes.values()))) if len(changes) > 2 else 0.0
        changes = {topic: abs(change - shared) for topic, change in changes.items()}
        worst = round(max(changes.values()), 4)
        off = [f"{t}: {c * 1e3:.0f} ms" for t, c in changes.items() if c > MAX_CHANGE_S]
        if off:
            todo = "synchronise the clocks (chrony, PTP); look at the driver's time stamps"
            message = f"stamps moved while they were observed: {'; '.join(off)}"
            return bad(self, message, todo, worst, MAX_CHANGE_S, "s")
        return good(self, "clocks keep step", worst, MAX_CHANGE_S, "s")


def _change_s(timing: Timing) -> float:
    pieces = np.array_split(timing.age_ns, PIECES)
    return float(pieces[-1].min() - pieces[0].min()) / 1e9
