"""Check: the rig's limits are not wider than those in the servos' EEPROM."""

import math

from teleop_collect.rig.calibration.apply import calibrated
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.servo_state import ServoState, servo_states
from teleop_collect.rig.config import DynamixelFollower
from teleop_collect.rig.description import effective_limits

SLACK = 0.004
"""Ticks are 1.5 mrad wide, and a driver rounds to them."""
TICKS_PER_REVOLUTION, CENTER_TICKS = 4096, 2048


class ServoLimits:
    """A servo refuses goals beyond Min/Max Position Limit (52, 48): the arm stops there."""

    name = "servo_limits"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare the narrower of URDF and rig file with the EEPROM of every follower's servo."""
        arms = context.rig.arms
        with_servos = [n for n, a in arms.items() if isinstance(a.follower, DynamixelFollower)]
        if not with_servos:
            return good(self, "no follower of servos")
        states = [s for s in servo_states(context) if s.side == "follower"]
        found, compared = [], 0
        for state in states:
            bounds = effective_limits(arms[state.arm], context.descriptions[state.arm])
            allowed = _allowed(context, state)
            if state.joint not in bounds or allowed is None:
                continue
            compared += 1
            limit, (lower, upper) = bounds[state.joint], allowed
            if limit.lower < lower - SLACK or limit.upper > upper + SLACK:
                found.append(
                    f"{state.where}: limits {limit.lower:g} to {limit.upper:g} are wider than the "
                    f"servo's {lower:.3f} to {upper:.3f}"
                )
        if not compared:
            return bad(self, "no driver tells the servos' limits", "start the arms", "unknown")
        if found:
            todo = "narrow the rig file's limits, or widen the servo's with Dynamixel Wizard"
            return bad(self, "; ".join(found), todo, len(found), 0, "joints")
        return good(self, f"{compared} joints stay within their servos' limits", 0, 0, "joints")


def _allowed(context: CheckContext, state: ServoState) -> tuple[float, float] | None:
    """Lowest and highest position of the servo's EEPROM in joint units; None where unknown."""
    rig = context.rig
    if context.calibrations is not None:
        rig = calibrated(rig, context.calibrations)
    follower = rig.arms[state.arm].follower
    if not isinstance(follower, DynamixelFollower) or state.joint not in follower.servos:
        return None
    if state.min_ticks is None or state.max_ticks is None:
        return None
    servo = follower.servos[state.joint]
    gain = servo.sign * servo.scale
    ends = [
        gain * ((ticks - CENTER_TICKS) * 2 * math.pi / TICKS_PER_REVOLUTION - servo.zero_rad)
        + servo.offset
        for ticks in (state.min_ticks, state.max_ticks)
    ]
    return min(ends), max(ends)
