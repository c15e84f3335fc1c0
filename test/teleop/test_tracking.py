import math

import pytest

from teleop_collect.teleop.acceleration_limit import AccelerationLimit
from teleop_collect.teleop.jerk_limit import JerkLimit
from teleop_collect.teleop.joint_command import JointCommand
from teleop_collect.teleop.stopping import braking
from teleop_collect.teleop.tracking import SMOOTHING_S, WishVelocity, tracking_velocity
from teleop_collect.teleop.velocity_limit import VelocityLimit


def moving(velocity: float = 0.0) -> JointCommand:
    joint = JointCommand(0.0, 10.0, math.inf, [])
    joint.velocity = velocity
    return joint


def towards(wish: float, wish_velocity: float, velocity: float = 0.0) -> tuple[float, bool]:
    return tracking_velocity(moving(velocity), wish, wish_velocity, 10.0, math.inf, 0.005)


def test_small_lag_is_closed_in_one_tick() -> None:
    # 10 rad/s^2 over 5 ms changes 0.05 rad/s, hence 0.00025 rad of lag fit into one tick.
    velocity, reaches = towards(0.005 + 0.0002, 1.0)
    assert reaches
    assert velocity == pytest.approx(1.04, abs=1e-12)


def test_large_gap_is_approached_so_that_braking_suffices() -> None:
    # At the speed from which half of the acceleration stops in time, it is kept.
    steady = braking(0.5, 5.0, 0.005)
    velocity, reaches = towards(0.5, 0.0, steady)
    assert not reaches
    assert velocity == pytest.approx(steady, abs=1e-7)
    mirrored, _ = towards(-0.5, 0.0, -steady)
    assert mirrored == -velocity
    # From rest the wish wants more than the limits permit, so that they show.
    assert towards(0.5, 0.0)[0] > 10.0 * 0.005


def test_gap_to_a_moving_wish_is_closed_relative_to_it() -> None:
    steady = braking(0.5, 5.0, 0.005)
    velocity, _ = towards(0.5 + 0.7 * 0.005, 0.7, 0.7 + steady)
    assert velocity == pytest.approx(0.7 + steady, abs=1e-7)


@pytest.mark.parametrize("jerk", [math.inf, 2000.0])
def test_wish_that_turns_back_is_hardly_overshot(jerk: float) -> None:
    """A 0.8 Hz swing faster than the joint: the command lags, and turns back with little excess."""
    limits = [VelocityLimit(2.5, jerk, "rad"), AccelerationLimit(20.0, "rad")]
    if jerk < math.inf:
        limits.append(JerkLimit(jerk, "rad"))
    joint = JointCommand(0.0, 20.0, jerk, limits)
    wish = WishVelocity((2.5,))
    highest = 0.0
    for k in range(1, 2000):
        swing = 0.6 * math.sin(2 * math.pi * 0.8 * k * 0.005)
        wish.update((swing,), k * 5_000_000)
        joint.plan_follow(swing, wish.values[0], math.inf, 0.005)
        joint.advance(0.005)
        highest = max(highest, abs(joint.position))
    assert 0.55 < highest < 0.64


def test_huge_error_stays_defined() -> None:
    velocity, _ = towards(-1.7e308, 2.0)
    assert velocity == -math.inf


def test_wish_velocity_approaches_the_leaders() -> None:
    wish = WishVelocity((9.0,))
    for k in range(100):
        wish.update((1.5 * k * 0.005,), k * 5_000_000)
    assert wish.values[0] == pytest.approx(1.5, abs=1e-6)
    one_step = WishVelocity((9.0,))
    one_step.update((0.0,), 0)
    one_step.update((0.0075,), 5_000_000)
    assert one_step.values[0] == pytest.approx(1.5 * 0.005 / (SMOOTHING_S + 0.005), abs=1e-12)


def test_wish_velocity_is_bounded_and_forgets() -> None:
    wish = WishVelocity((2.0,))
    wish.update((-1e308,), 1)
    wish.update((1e308,), 2)
    assert wish.values == (2.0,)
    wish.forget()
    assert wish.values == (0.0,)
    wish.update((5.0,), 3)
    assert wish.values == (0.0,)


def test_same_sample_again_changes_no_velocity() -> None:
    wish = WishVelocity((9.0,))
    wish.update((0.0,), 1_000_000)
    wish.update((0.01,), 6_000_000)
    before = wish.values
    wish.update((0.01,), 6_000_000)
    assert wish.values == before
