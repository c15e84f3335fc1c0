"""Which goal keeps a servo where it is."""

import pytest

from teleop_collect.devices.dynamixel.motor_start import MotorState, resting_goal

# A velocity unit is 0.229 rev/min: 100 units are 1563 ticks/s, 156 ticks in 0.1 s.


@pytest.mark.parametrize(
    ("state", "goal"),
    [
        # Far from its goal, and gone on since it was seen; never for more than 0.1 s.
        (MotorState(3000, 100, 2000), 2156),
        (MotorState(1000, -100, 2000), 1844),
        # Nearly there: it stops at its goal and not beyond.
        (MotorState(2050, 100, 2000), 2050),
        (MotorState(1990, -100, 2000), 1990),
        (MotorState(2000, 100, 2000), 2000),
        # Still going away from a goal that has changed sides.
        (MotorState(1000, 100, 2000), 2156),
        # At rest near its goal, which its load keeps it from; and far from it.
        (MotorState(2050, 2, 2000), 2050),
        (MotorState(3000, 0, 2000), 2000),
    ],
)
def test_a_servo_stops_where_it_is_by_now(state: MotorState, goal: int):
    assert resting_goal(state, grips=False, age_s=0.5) == goal


def test_a_gripper_keeps_its_grip_and_stops_when_it_moves():
    assert resting_goal(MotorState(3000, 0, 2000), grips=True) == 3000
    assert resting_goal(MotorState(3000, 100, 2000), grips=True) == 2000
