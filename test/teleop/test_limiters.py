"""Each limiter alone: what it permits, its bit, its text."""

import math
from dataclasses import dataclass

import pytest

from teleop_collect.teleop.acceleration_limit import AccelerationLimit
from teleop_collect.teleop.jerk_limit import JerkLimit
from teleop_collect.teleop.joint_command import JointCommand
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.position_limit import PositionLimit
from teleop_collect.teleop.velocity_limit import VelocityLimit

NO_JERK = math.inf


@dataclass(frozen=True)
class Motion:
    position: float = 0.0
    velocity: float = 0.0
    acceleration: float = 0.0


def interval(limiter, motion: Motion, dt_s: float) -> tuple[float, float]:
    return limiter.nearest(motion, -1e3, dt_s), limiter.nearest(motion, 1e3, dt_s)


def test_velocity_interval() -> None:
    limit = VelocityLimit(2.5, NO_JERK, "rad")
    assert interval(limit, Motion(9.0, 1.0), 0.005) == pytest.approx((-2.5, 2.5), abs=1e-12)
    assert limit.nearest(Motion(), 1.25, 0.005) == 1.25
    assert limit.text == "velocity limit 2.5 rad/s"


def test_velocity_limit_leaves_room_to_let_go_of_the_acceleration() -> None:
    # a dt + a^2 / (2 j) = 0.5 - 0.3 with j = 1000 and dt = 0.01: a = 10 (sqrt(5) - 1).
    limit = VelocityLimit(0.5, 1000.0, "rad")
    expected = 0.3 + 10.0 * (math.sqrt(5.0) - 1.0) * 0.01
    assert limit.nearest(Motion(0.0, 0.3), 9.0, 0.01) == pytest.approx(expected, abs=1e-12)


def test_acceleration_interval() -> None:
    limit = AccelerationLimit(10.0, "m")
    assert interval(limit, Motion(0.0, 1.0), 0.25) == (-1.5, 3.5)
    assert limit.text == "acceleration limit 10 m/s^2"


def test_jerk_interval() -> None:
    limit = JerkLimit(1000.0, "rad")
    # The acceleration of 4 may become -6 to 14 within 10 ms, the velocity of 1 hence 0.94 to 1.14.
    found = interval(limit, Motion(0.0, 1.0, 4.0), 0.01)
    assert found == pytest.approx((0.94, 1.14), abs=1e-12)
    assert limit.text == "jerk limit 1000 rad/s^3"
    assert limit.bit is LimiterBits.JERK


def test_position_interval_falls_as_the_square_root_of_room() -> None:
    limit = PositionLimit(-1.0, 2.0, 10.0, NO_JERK, "rad")
    # With a tick of 0.1 s: 0.5 * 0.1 + 0.5^2 / 20 = 0.0625.
    assert interval(limit, Motion(2.0 - 0.0625), 0.1)[1] == pytest.approx(0.5, abs=1e-7)
    assert interval(limit, Motion(-1.0 + 0.0625), 0.1)[0] == pytest.approx(-0.5, abs=1e-7)
    assert limit.text == "soft limits -1 to 2 rad"


def test_position_limit_gives_a_brake_that_comes_slowly_more_room() -> None:
    # From rest after this tick: v dt + v sqrt(v / j) with v = 0.1, j = 1000, without acceleration.
    room = 0.1 * 0.01 + 0.1 * math.sqrt(0.1 / 1000.0)
    limit = PositionLimit(-1.0, room, 10.0, 1000.0, "rad")
    steady = Motion(0.0, 0.1)
    assert limit.nearest(steady, 0.1, 0.01) == pytest.approx(0.1, abs=1e-9)
    nearer = PositionLimit(-1.0, 0.99 * room, 10.0, 1000.0, "rad")
    assert nearer.nearest(steady, 0.1, 0.01) < 0.1 - 1e-4


@pytest.mark.parametrize("jerk", [NO_JERK, 2000.0])
@pytest.mark.parametrize(
    ("position", "outward"), [(2.0, 1), (2.3, 1), (-1.0, 0), (-1.7, 0)], ids=str
)
def test_at_or_beyond_a_limit_only_the_way_back_is_open(
    position: float, outward: int, jerk: float
) -> None:
    found = interval(PositionLimit(-1.0, 2.0, 10.0, jerk, "rad"), Motion(position), 0.005)
    assert found[outward] == pytest.approx(0.0, abs=1e-9)
    assert abs(found[1 - outward]) > 0.5


def test_joint_without_position_limit_is_free() -> None:
    limit = PositionLimit(-math.inf, math.inf, 10.0, 2000.0, "rad")
    assert interval(limit, Motion(), 0.005) == (-1e3, 1e3)


class Joint(JointCommand):
    """Plans and advances in one go."""

    def follow(self, wish: float, wish_velocity: float, speed_cap: float, dt_s: float) -> int:
        bits = self.plan_follow(wish, wish_velocity, speed_cap, dt_s)
        self.advance(dt_s)
        return bits

    def brake(self, dt_s: float) -> int:
        bits = self.plan_brake(dt_s)
        self.advance(dt_s)
        return bits


def command(*limiters: object, position: float = 0.0, jerk: float = NO_JERK) -> Joint:
    return Joint(position, 10.0, jerk, limiters)


def test_bits_name_the_limiter_that_changes_the_command() -> None:
    far = 100.0
    slow = command(VelocityLimit(2.5, NO_JERK, "rad"))
    assert slow.follow(far, 0.0, math.inf, 0.005) & LimiterBits.VELOCITY
    assert slow.velocity == pytest.approx(2.5)
    assert slow.position == pytest.approx(2.5 * 0.005)

    soft = command(AccelerationLimit(10.0, "rad"))
    assert soft.follow(far, 0.0, math.inf, 0.005) == LimiterBits.ACCELERATION
    assert soft.velocity == 10.0 * 0.005

    near = command(PositionLimit(-1.0, 1.0, 10.0, NO_JERK, "rad"), position=1.0)
    assert near.follow(far, 0.0, math.inf, 0.005) & LimiterBits.POSITION
    assert near.position == 1.0

    ramped = command()
    assert ramped.follow(-far, 0.0, 0.25, 0.005) & LimiterBits.ALIGN_RAMP
    assert ramped.velocity == -0.25


def test_reachable_wish_is_sent_exactly_and_sets_no_bit() -> None:
    joint = command(
        VelocityLimit(2.5, NO_JERK, "rad"), AccelerationLimit(10.0, "rad"), position=0.1
    )
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
    assert joint.velocity == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize("jerk", [NO_JERK, 2000.0])
def test_step_of_the_wish_is_followed_without_overshoot(jerk: float) -> None:
    limits = [VelocityLimit(2.5, jerk, "rad"), AccelerationLimit(10.0, "rad")]
    joint = command(*limits, *([] if jerk == NO_JERK else [JerkLimit(jerk, "rad")]), jerk=jerk)
    for _ in range(400):
        joint.follow(1.0, 0.0, math.inf, 0.005)
        assert joint.position <= 1.0 + 1e-9
    assert joint.position == 1.0
    assert joint.velocity == pytest.approx(0.0, abs=1e-9)


def test_jerk_limit_names_itself() -> None:
    joint = command(JerkLimit(1000.0, "rad"), jerk=1000.0)
    assert joint.follow(1.0, 0.0, math.inf, 0.005) & LimiterBits.JERK
    assert joint.acceleration == pytest.approx(5.0, abs=1e-9)
    assert joint.velocity == pytest.approx(0.025, abs=1e-12)


def test_brake_with_bounded_jerk_ends_at_rest_without_turning_back() -> None:
    joint = command(AccelerationLimit(10.0, "rad"), JerkLimit(1000.0, "rad"), jerk=1000.0)
    joint.velocity = 0.5
    velocities = [0.5]
    while not joint.is_at_rest:
        joint.brake(0.005)
        velocities.append(joint.velocity)
        assert len(velocities) < 100
    assert min(velocities) >= 0.0
    assert sorted(velocities, reverse=True) == velocities
