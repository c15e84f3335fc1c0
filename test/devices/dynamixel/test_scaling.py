"""Ticks to joint values and back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop_collect.devices.dynamixel.scaling import JointScaling
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Servo


def scaling(**values):
    return JointScaling.from_servo("joint", Servo(id=1, model="XL330-M288", **values))


def test_center_is_zero_and_a_quarter_turn_is_1024_ticks():
    assert scaling().position(2048) == 0.0
    assert scaling().position(3072) == pytest.approx(math.pi / 2)
    assert scaling(sign=-1).position(3072) == pytest.approx(-math.pi / 2)


def test_gripper_from_closed_to_open_is_zero_to_one():
    gripper = scaling(sign=-1, zero_rad=0.4, scale=1 / 1.2)
    assert gripper.position(round(2048 + 0.4 / (2 * math.pi) * 4096)) == pytest.approx(0, abs=1e-3)
    opened = round(2048 + (0.4 - 1.2) / (2 * math.pi) * 4096)
    assert gripper.position(opened) == pytest.approx(1, abs=1e-3)


def test_one_velocity_unit_is_0_229_revolutions_a_minute():
    assert scaling(scale=2.0).velocity(1) == pytest.approx(2 * 0.229 / 60 * 2 * math.pi)


@given(
    ticks=st.integers(-100_000, 100_000),
    sign=st.sampled_from([-1, 1]),
    scale=st.floats(0.01, 10),
    zero_rad=st.floats(-3, 3),
    offset=st.floats(-3, 3),
)
def test_inverse_gives_the_ticks_back(ticks, sign, scale, zero_rad, offset):
    joint = scaling(sign=sign, scale=scale, zero_rad=zero_rad, offset=offset)
    assert round(joint.ticks(joint.position(ticks))) == ticks
    assert joint.velocity_units(joint.velocity(37)) == pytest.approx(37)


def test_a_scale_of_zero_is_refused():
    with pytest.raises(ConfigError, match="scale of servo 1 is 0"):
        scaling(scale=0.0)
