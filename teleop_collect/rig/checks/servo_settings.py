"""Check: firmware and answer delay of the servos do not slow the bus down."""

from collections import defaultdict

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.servo_state import ServoState, has_servos, servo_states

MAX_RETURN_DELAY_US = 20.0
"""Factory setting is 500 us: seven servos then spend 3.5 ms of a 5 ms period waiting."""
FAST_READ_FIRMWARE = 45
"""From this firmware on, X-series servos answer Fast Sync Read (ROBOTIS e-Manual)."""


class ServoSettings:
    """Register 9 (Return Delay Time) and 6 (Firmware Version)."""

    name = "servo_settings"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge what the drivers read when they connected."""
        if not has_servos(context):
            return good(self, "the rig has no servos")
        states = servo_states(context)
        delays = [s.return_delay_us for s in states if s.return_delay_us is not None]
        if not delays:
            return bad(self, "no driver tells of its servos", "start the arms", "unknown")
        worst, limit = max(delays), MAX_RETURN_DELAY_US
        slow = [f"{s.where}: {s.return_delay_us:g} us" for s in states if _is_slow(s)]
        if slow:
            todo = "set Return Delay Time (9) to 0"
            return bad(self, f"answer delay of {'; '.join(slow)}", todo, worst, limit, "us")
        if problems := _firmware_problems(states):
            todo = "update the servos with Dynamixel Wizard"
            return bad(self, "; ".join(problems), todo, worst, limit, "us")
        return good(self, f"{len(states)} servos answer at once", worst, limit, "us")


def _is_slow(state: ServoState) -> bool:
    return state.return_delay_us is not None and state.return_delay_us > MAX_RETURN_DELAY_US


def _firmware_problems(states: tuple[ServoState, ...]) -> list[str]:
    versions: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for state in states:
        if state.firmware is not None:
            versions[state.arm, state.side, state.model].add(state.firmware)
    found = []
    for (arm, side, model), seen in versions.items():
        text = ", ".join(str(v) for v in sorted(seen))
        if len(seen) > 1:
            found.append(f"{side} of arm '{arm}': {model} with different firmware ({text})")
        elif min(seen) < FAST_READ_FIRMWARE:
            found.append(f"{side} of arm '{arm}': {model} firmware {text}, too old for fast reads")
    return found
