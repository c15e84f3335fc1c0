"""Check: every required periodic stream runs at its rate."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.streams import checked_streams


class StreamRates:
    """Mean rate over the observation, against the rig file's, within `check.rate_tolerance`."""

    name = "stream_rates"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare rates; the reported value is the largest relative deviation."""
        tolerance = context.rig.check.rate_tolerance
        worst, found = 0.0, []
        for stream in checked_streams(context.rig):
            if not stream.required or stream.expected_hz is None:
                continue
            mean_hz = context.observation(stream.topic).mean_hz
            deviation = 1.0 if mean_hz is None else abs(mean_hz / stream.expected_hz - 1)
            worst = max(worst, deviation)
            if deviation > tolerance:
                seen = "no rate (fewer than 2 messages)" if mean_hz is None else f"{mean_hz:.1f} Hz"
                found.append(f"{stream.topic}: {seen}, expected {stream.expected_hz:g} Hz")
        measured, limit = round(100 * worst, 1), round(100 * tolerance, 1)
        if found:
            todo = "look for a stopped or overloaded driver, or correct the rate in the rig file"
            return bad(self, "; ".join(found), todo, measured, limit, "%")
        message = f"all rates within {limit:g} % of the rig file's"
        return good(self, message, measured, limit, "%")
