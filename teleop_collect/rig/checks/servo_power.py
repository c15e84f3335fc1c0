"""Check: supply voltage and temperature of every servo."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.servo_state import ServoState, has_servos, servo_states

MARGIN_C = 10.0
"""Below the temperature at which a servo shuts down; a long session warms it by that much."""


class ServoPower:
    """Against the limits in the servo's own EEPROM (X series: addresses 31, 32 and 34)."""

    name = "servo_power"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge what the drivers read when they connected."""
        if not has_servos(context):
            return good(self, "the rig has no servos")
        states = [s for s in servo_states(context) if s.voltage_v is not None]
        if not states:
            return bad(self, "no driver tells voltages", "start the arms", "unknown")
        found = [text for state in states if (text := _problem(state)) is not None]
        hottest = max(
            (s.temperature_c for s in states if s.temperature_c is not None), default=None
        )
        limit = min(
            (s.max_temperature_c - MARGIN_C for s in states if s.max_temperature_c), default=None
        )
        if found:
            todo = (
                "check power supply and plugs; let a hot servo cool and look why it works so hard"
            )
            return bad(self, "; ".join(found), todo, hottest, limit, "degrees C")
        low = min(s.voltage_v for s in states if s.voltage_v is not None)
        message = f"{len(states)} servos, lowest supply {low:.1f} V"
        return good(self, message, hottest, limit, "degrees C")


def _problem(state: ServoState) -> str | None:
    volts, low, high = state.voltage_v, state.min_voltage_v, state.max_voltage_v
    if volts is not None and low is not None and volts < low:
        return f"{state.where}: {volts:.1f} V, at least {low:.1f} V needed"
    if volts is not None and high is not None and volts > high:
        return f"{state.where}: {volts:.1f} V, at most {high:.1f} V allowed"
    hot, limit = state.temperature_c, state.max_temperature_c
    if hot is not None and limit is not None and hot > limit - MARGIN_C:
        return f"{state.where}: {hot:.0f} degrees C, it shuts down at {limit:.0f}"
    return None
