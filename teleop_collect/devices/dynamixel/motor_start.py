"""Brings one servo of a follower into its mode with torque on, without a jump and without a drop.

A servo that already holds in the right mode keeps its torque; only its settings are renewed.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.facts import ServoFacts
from teleop_collect.devices.dynamixel.models import WATCHDOG_TRIPPED, Item, OperatingMode
from teleop_collect.devices.dynamixel.port import BusPort
from teleop_collect.errors import DeviceError

REST_UNITS = 3
"""Present Velocity up to which a servo counts as resting."""
KEPT_TICKS = 100
"""A resting servo this near to its goal (0.15 rad) is there, but for its load."""
MAX_AGE_S = 0.1
"""Longest time for which a movement is thought to have gone on unseen."""
STRAY_TICKS = 40
"""So far (0.06 rad) outside its limits a servo is brought back by itself."""
_STATE_START = models.GOAL_POSITION.address
_STATE_BYTES = models.PRESENT_TEMPERATURE.end - _STATE_START
"""Longer than needed: no answer to a reading of the arm is as long (see `late_replies`)."""


@dataclass(frozen=True)
class MotorState:
    """Where a servo is and where it goes.

    Attributes:
        goal_ticks: Goal Position.
        velocity_units: Present Velocity.
        ticks: Present Position.
    """

    goal_ticks: int
    velocity_units: int
    ticks: int


def read_state(port: BusPort, servo_id: int) -> MotorState:
    """Read goal and movement in one exchange."""
    data = port.read(servo_id, _STATE_START, _STATE_BYTES).data
    goal = models.GOAL_POSITION.unpack(data[:4])
    velocity, ticks = struct.unpack_from(
        "<ii", data, models.PRESENT_VELOCITY.address - _STATE_START
    )
    return MotorState(goal, velocity, ticks)


def resting_goal(state: MotorState, *, grips: bool, age_s: float = 0.0) -> int:
    """The goal that keeps a servo where it is.

    One that rests near its goal keeps it, so that it does not sink a little each time; so does a
    gripper, whose goal lies inside what it grips. One that moves stops where it is by now.

    Args:
        state: what was last seen of it.
        grips: whether it is a gripper.
        age_s: how long ago; a moving servo has gone on since then, not back.
    """
    resting = abs(state.velocity_units) <= REST_UNITS
    near = abs(state.goal_ticks - state.ticks) <= KEPT_TICKS
    if resting and (near or grips):
        return state.goal_ticks
    ticks_s = state.velocity_units * models.RAD_S_PER_VELOCITY_UNIT / models.RAD_PER_TICK
    by_now = state.ticks + round(ticks_s * min(age_s, MAX_AGE_S))
    if state.velocity_units * (state.goal_ticks - state.ticks) < 0:
        return by_now
    # On its way to the goal it has not gone on beyond it.
    low, high = sorted((state.ticks, state.goal_ticks))
    return max(low, min(high, by_now))


def start_motor(
    port: BusPort,
    servo_id: int,
    facts: ServoFacts,
    wanted: Mapping[Item, int],
    first_pwm: int,
    who: str,
) -> int:
    """Set modes and limits, let the goal be where the servo is, switch torque on.

    The bus watchdog is left off: it must not trip while other servos are started.

    Args:
        port: the bus.
        servo_id: the servo.
        facts: what it holds.
        wanted: EEPROM settings, which are written with torque off if they differ.
        first_pwm: Goal PWM to begin with, unless it holds already.
        who: the servo in words.

    Returns:
        Goal Position, ticks.

    Raises:
        DeviceError: it stands outside its limits or refuses a setting.
        DeviceTimeout: it does not answer.
    """
    different = {i: v for i, v in wanted.items() if _setting(facts, i) != v}
    holds = facts.health.torque and not different
    tripped = facts.health.watchdog == WATCHDOG_TRIPPED
    port.write(servo_id, models.BUS_WATCHDOG, 0)
    if not holds:
        port.write(servo_id, models.TORQUE_ENABLE, 0)
        for item, value in different.items():
            port.write(servo_id, item, value)
    mode = wanted[models.OPERATING_MODE]
    grips = mode == OperatingMode.CURRENT_BASED_POSITION
    state = read_state(port, servo_id)
    start = resting_goal(state, grips=grips) if holds and not tripped else state.ticks
    goal = _within_limits(start, mode, facts, who)
    port.write(servo_id, models.GOAL_POSITION, goal)
    if grips:
        limit = wanted.get(models.CURRENT_LIMIT, facts.current_limit_units)
        port.write(servo_id, models.GOAL_CURRENT, limit)
    port.write(servo_id, models.GOAL_PWM, facts.pwm_limit_units if holds else first_pwm)
    port.write(servo_id, models.TORQUE_ENABLE, 1)
    # Firmware that forgets the goal when torque comes on has moved it to the present position.
    port.write(servo_id, models.GOAL_POSITION, goal)
    return goal


def _setting(facts: ServoFacts, item: Item) -> int:
    if item is models.OPERATING_MODE:
        return facts.operating_mode
    return facts.current_limit_units


def _within_limits(ticks: int, mode: int, facts: ServoFacts, who: str) -> int:
    if mode != OperatingMode.POSITION:
        return ticks
    # With torque off the position counts on over several turns; position control knows one.
    turned = ticks % models.TICKS_PER_REVOLUTION
    low, high = facts.min_position_ticks, facts.max_position_ticks
    if not low - STRAY_TICKS <= turned <= high + STRAY_TICKS:
        raise DeviceError(
            f"{who} stands at {turned} ticks, outside its position limits {low} to {high}; torque "
            "would make it jump there: move the joint by hand into its range"
        )
    return max(low, min(high, turned))
