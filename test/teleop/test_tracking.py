import math
import random

import pytest

from teleop_collect.teleop.acceleration_limit import AccelerationLimit
from teleop_collect.teleop.joint_command import JointCommand
from teleop_collect.teleop.tracking import (
    SMOOTHING_S,
    WishVelocity,
    braking_velocity,
    tracking_velocity,
)
from teleop_collect.teleop.velocity_limit import VelocityLimit


def test_braking_velocity_is_the_root_of_the_braking_distance() -> None:
    # v dt + v^2 / (2 a) = d: 0.5 * 0.1 + 0.25 / 20 = 0.0625
    assert braking_velocity(0.0625, 10.0, 0.1) == pytest.approx(0.5, abs=1e-15)
    # Infinitely short ticks give the textbook sqrt(2 a d).
    assert braking_velocity(0.2, 10.0, 0.0) == 2.0
    assert braking_velocity(0.0, 10.0, 0.005) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_braking_ends_before_the_limit_with_ticks_of_any_length(seed: int) -> None:
    rng = random.Random(seed)
    room, a = rng.uniform(1e-6, 3.0), rng.uniform(0.5, 50.0)
    dt = rng.uniform(1e-4, 0.02)
    v = braking_velocity(room, a, dt)
    room -= v * dt
    while v > 0.0:
        dt = rng.uniform(1e-4, 0.02)
        v = max(0.0, v - a * dt)
        room -= v * dt
    assert room >= -1e-12


def test_small_lag_is_closed_in_one_tick() -> None:
    # 10 rad/s^2 over 5 ms changes 0.05 rad/s, hence 0.00025 rad of lag fit into one tick.
    velocity, reaches = tracking_velocity(0.005 + 0.0002, 1.0, 10.0, 0.005)
    assert reaches
    assert velocity == pytest.approx(1.04, abs=1e-12)


def test_large_gap_is_approached_so_that_braking_suffices() -> None:
    velocity, reaches = tracking_velocity(0.5, 0.0, 10.0, 0.005)
    assert not reaches
    assert velocity == braking_velocity(0.5, 5.0, 0.005)
    assert tracking_velocity(-0.5, 0.0, 10.0, 0.005) == (-velocity, False)


def test_gap_to_a_moving_wish_is_closed_relative_to_it() -> None:
    velocity, _ = tracking_velocity(0.5 + 0.7 * 0.005, 0.7, 10.0, 0.005)
    assert velocity == pytest.approx(0.7 + braking_velocity(0.5, 5.0, 0.005), abs=1e-12)


def test_wish_that_turns_back_is_hardly_overshot() -> None:
    """A 0.8 Hz swing faster than the joint: the command lags, and turns back with little excess."""
    limits = [VelocityLimit(2.5, "rad"), AccelerationLimit(20.0, "rad")]
    joint = JointCommand(0.0, 20.0, limits)
    wish = WishVelocity((2.5,))
    highest = 0.0
    for k in range(1, 2000):
        swing = 0.6 * math.sin(2 * math.pi * 0.8 * k * 0.005)
        wish.update((swing,), k * 5_000_000)
        joint.follow(swing, wish.values[0], math.inf, 0.005)
        highest = max(highest, abs(joint.position))
    assert 0.55 < highest < 0.64


def test_huge_error_stays_defined() -> None:
    velocity, _ = tracking_velocity(-1.7e308, 2.0, 10.0, 0.005)
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
