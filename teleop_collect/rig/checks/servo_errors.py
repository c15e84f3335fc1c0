"""Check: no servo reports a hardware error (overload, overheating, voltage, encoder, shock)."""

from collections.abc import Iterator

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.drivers_healthy import driver_statuses
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.servo_state import has_servos, servo_states

ALERT = "reports a hardware error"
"""As the drivers say it when an answer carries the alert bit."""


class ServoErrors:
    """Register Hardware Error Status (70), and the alert bit of every answer."""

    name = "servo_errors"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Ask what the drivers know."""
        if not has_servos(context):
            return good(self, "the rig has no servos")
        found = list(_alerts(context))
        if found:
            todo = "remove the load or the cause, then switch the arm's power off and on"
            return bad(self, "; ".join(found), todo, len(found), 0, "servos")
        if not servo_states(context):
            return bad(self, "no driver tells of its servos", "start the arms", "unknown", 0)
        return good(self, "no servo reports an error", 0, 0, "servos")


def _alerts(context: CheckContext) -> Iterator[str]:
    for status in driver_statuses(context).by_name.values():
        if status.level == "error" and ALERT in status.message:
            yield status.message
    for state in servo_states(context):
        if state.hardware_error:
            yield f"{state.where}: hardware error status 0x{state.hardware_error:02x}"
