"""Check: this machine's clock follows a reference."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good

MAX_ERROR_S = 0.01
"""Ours: a third of a 30 Hz image."""


class ClockSync:
    """NTP or PTP, as the kernel's `adjtimex` tells. Matters between machines and between days."""

    name = "clock_sync"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge state and estimated error."""
        state, error_s = context.machine.clock_state, context.machine.clock_error_s
        measured = "unknown" if error_s is None else round(error_s, 6)
        if state != "synchronised":
            todo = "run chrony, systemd-timesyncd or ptp4l with phc2sys"
            message = f"the system clock is {state}"
            return bad(self, message, todo, measured, MAX_ERROR_S, "s")
        if error_s is not None and error_s > MAX_ERROR_S:
            todo = "choose a nearer time server, or PTP"
            message = f"the system clock may be {error_s * 1e3:.1f} ms off"
            return bad(self, message, todo, measured, MAX_ERROR_S, "s")
        return good(self, "the system clock is synchronised", measured, MAX_ERROR_S, "s")
