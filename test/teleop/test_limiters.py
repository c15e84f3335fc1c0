"""Each limiter alone: its interval, its bit, its text."""

import math

import pytest

from teleop_collect.teleop.acceleration_limit import AccelerationLimit
from teleop_collect.teleop.joint_command import JointCommand
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.position_limit import PositionLimit
from teleop_collect.teleop.velocity_limit import VelocityLimit


def test_velocity_interval() -> None:
    limit = VelocityLimit(2.5, "rad")
    assert limit.permitted(9.0, 9.0, 0.005) == (-2.5, 2.5)
    assert limit.text == "velocity limit 2.5 rad/s"


def test_acceleration_interval() -> None:
    limit = AccelerationLimit(10.0, "m")
    assert limit.permitted(0.0, 1.0, 0.25) == (-1.5, 3.5)
    assert limit.text == "acceleration limit 10 m/s^2"


def test_position_interval_falls_as_the_square_root_of_room() -> None:
    limit = PositionLimit(-1.0, 2.0, 10.0, "rad")
    # Room 0.2 above and 2.8 below; sqrt(2 a d) without a tick's length.
    low, high = limit.permitted(1.8, 0.0, 0.0)
    assert high == pytest.approx(2.0, abs=1e-12)
    assert low == pytest.approx(-math.sqrt(56.0), abs=1e-12)
    # With a tick of 0.1 s: 0.5 * 0.1 + 0.5^2 / 20 = 0.0625.
    assert limit.permitted(2.0 - 0.0625, 0.0, 0.1)[1] == pytest.approx(0.5, abs=1e-12)
    assert limit.permitted(-1.0 + 0.0625, 0.0, 0.1)[0] == pytest.approx(-0.5, abs=1e-12)
    assert limit.text == "soft limits -1 to 2 rad"


@pytest.mark.parametrize(
    ("position", "outward"), [(2.0, 1), (2.3, 1), (-1.0, 0), (-1.7, 0)], ids=str
)
def test_at_or_beyond_a_limit_only_the_way_back_is_open(position: float, outward: int) -> None:
    interval = PositionLimit(-1.0, 2.0, 10.0, "rad").permitted(position, 0.0, 0.005)
    assert interval[outward] == 0.0
    assert abs(interval[1 - outward]) > 1.0


def test_joint_without_position_limit_is_free() -> None:
    limit = PositionLimit(-math.inf, math.inf, 10.0, "rad")
    assert limit.permitted(0.0, 0.0, 0.005) == (-math.inf, math.inf)


def command(*limiters: object, position: float = 0.0) -> JointCommand:
    return JointCommand(position, 10.0, limiters)


def test_bits_name_the_limiter_that_changes_the_command() -> None:
    far = 100.0
    slow = command(VelocityLimit(2.5, "rad"))
    assert slow.follow(far, 0.0, math.inf, 0.005) & LimiterBits.VELOCITY
    assert slow.velocity == 2.5
    assert slow.position == 2.5 * 0.005

    soft = command(AccelerationLimit(10.0, "rad"))
    assert soft.follow(far, 0.0, math.inf, 0.005) == LimiterBits.ACCELERATION
    assert soft.velocity == 10.0 * 0.005

    near = command(PositionLimit(-1.0, 1.0, 10.0, "rad"), position=1.0)
    assert near.follow(far, 0.0, math.inf, 0.005) & LimiterBits.POSITION
    assert near.position == 1.0

    ramped = command()
    assert ramped.follow(-far, 0.0, 0.25, 0.005) & LimiterBits.ALIGN_RAMP
    assert ramped.velocity == -0.25


def test_reachable_wish_is_sent_exactly_and_sets_no_bit() -> None:
    joint = command(VelocityLimit(2.5, "rad"), AccelerationLimit(10.0, "rad"), position=0.1)
    wish = 0.1 + 0.0001
    assert joint.follow(wish, 0.0, math.inf, 0.005) == 0
    assert joint.position == wish


def test_without_time_nothing_moves() -> None:
    joint = command(position=0.3)
    assert joint.follow(0.3, 0.0, math.inf, 0.0) == 0
    assert joint.follow(0.4, 0.0, math.inf, 0.0) != 0
    assert (joint.position, joint.velocity) == (0.3, 0.0)


def test_brake_decelerates_at_the_limit_and_ends_at_rest() -> None:
    joint = command(AccelerationLimit(10.0, "rad"))
    joint.velocity = 0.12
    velocities = []
    for _ in range(4):
        joint.brake(0.005)
        velocities.append(joint.velocity)
    assert velocities == pytest.approx([0.07, 0.02, 0.0, 0.0], abs=1e-12)
    assert joint.position == pytest.approx((0.07 + 0.02) * 0.005, abs=1e-12)


@pytest.mark.parametrize(("velocity", "left"), [(2.0, 1.0), (-2.0, -1.0), (0.5, 0.0), (0.0, 0.0)])
def test_pause_takes_speed_but_never_reverses(velocity: float, left: float) -> None:
    joint = command()
    joint.velocity = velocity
    joint.relax(0.1)
    assert joint.velocity == left


def test_step_of_the_wish_is_followed_without_overshoot() -> None:
    joint = command(VelocityLimit(2.5, "rad"), AccelerationLimit(10.0, "rad"))
    for _ in range(400):
        joint.follow(1.0, 0.0, math.inf, 0.005)
        assert joint.position <= 1.0 + 1e-12
    assert joint.position == 1.0
    assert joint.velocity == pytest.approx(0.0, abs=1e-9)
