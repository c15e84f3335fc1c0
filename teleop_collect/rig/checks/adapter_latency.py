"""Check: no serial adapter holds received bytes back."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.drivers_healthy import driver_statuses
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import Rig

LATENCY_VALUE = "latency_timer_ms"
MAX_LATENCY_MS = 1.0
"""FTDI adapters come with 16 ms, which bounds a bus to some 60 readings a second."""


class AdapterLatency:
    """The latency timer of FTDI adapters (U2D2), as the drivers of the arms report it."""

    name = "adapter_latency"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare every reported latency timer with 1 ms; adapters without one are well."""
        told = {
            name: status.values[LATENCY_VALUE]
            for name, status in driver_statuses(context).by_name.items()
            if LATENCY_VALUE in status.values
        }
        if not told and _has_buses(context.rig):
            return bad(self, "no driver tells its adapter's latency", "start the arms", "unknown")
        slow = {n: ms for n, text in told.items() if (ms := _number(text)) > MAX_LATENCY_MS}
        if slow:
            text = "; ".join(f"{name}: {ms:g} ms" for name, ms in sorted(slow.items()))
            todo = "run teleop-collect udev install, then plug the adapter in again"
            worst = max(slow.values())
            return bad(self, f"latency timer of {text}", todo, worst, MAX_LATENCY_MS, "ms")
        return good(self, "no adapter holds bytes back")


def _number(text: str) -> float:
    """Milliseconds; 0 for adapters without a latency timer, which hold nothing back."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _has_buses(rig: Rig) -> bool:
    return any("dynamixel" in (a.leader.driver, a.follower.driver) for a in rig.arms.values())
