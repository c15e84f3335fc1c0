"""The stop that every limit relies on: its way, in ticks of any length."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teleop_collect.teleop.stopping import (
    StopStep,
    braking,
    largest_within,
    stop_travel,
    stopping_acceleration,
)


def test_braking_is_the_root_of_the_braking_distance() -> None:
    # v dt + v^2 / (2 a) = d: 0.5 * 0.1 + 0.25 / 20 = 0.0625
    assert braking(0.0625, 10.0, 0.1) == pytest.approx(0.5, abs=1e-15)
    assert braking(0.0, 10.0, 0.005) == 0.0
    assert braking(0.3, math.inf, 0.1) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("velocity", "acceleration", "jerk", "travel"),
    [
        (2.0, 0.0, math.inf, 0.2),  # v^2 / (2 a)
        (2.0, 0.0, 1000.0, 0.21),  # v^2 / (2 a) + v a / (2 j)
        (0.025, 0.0, 1000.0, 0.025 * 0.005),  # never at full brake: v sqrt(v / j)
        (0.0, 10.0, 1000.0, 0.001 / 3 + 0.05 * math.sqrt(0.05 / 1000.0)),
        (-1.0, 0.0, 1000.0, 0.0),
        (-1.0, -10.0, 1000.0, 0.0),
    ],
)
def test_stopping_distance(
    velocity: float, acceleration: float, jerk: float, travel: float
) -> None:
    assert stop_travel(velocity, acceleration, 10.0, jerk) == pytest.approx(travel, rel=1e-12)


motions = st.tuples(
    st.floats(0.3, 100.0),  # acceleration limit
    st.floats(5.0, 1000.0),  # jerk limit over acceleration limit, 1/s
    st.floats(-1.0, 1.0),  # velocity over acceleration limit, s
    st.floats(-1.0, 1.0),  # acceleration over its limit
    st.floats(1e-4, 0.02),  # tick, s
    st.booleans(),
)


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(motion=motions)
def test_stopping_never_goes_further_than_it_foretold(motion: tuple) -> None:
    limit, ratio, v, a, dt_s, jerky = motion
    jerk = math.inf if jerky else limit * ratio
    velocity, acceleration = v * limit, a * limit
    for sign in (1.0, -1.0):
        before = stop_travel(sign * velocity, sign * acceleration, limit, jerk)
        step = StopStep(sign * velocity, limit, jerk, dt_s)
        brake = stopping_acceleration(velocity, acceleration, limit, jerk, dt_s)
        assert step.travel(sign * brake) <= before + 1e-12


@settings(max_examples=300, deadline=None, derandomize=True)
@given(motion=motions)
def test_stopping_comes_to_rest_within_its_bounds(motion: tuple) -> None:
    limit, ratio, v, a, dt_s, _ = motion
    dt_s, jerk = max(dt_s, 1e-3), limit * ratio
    velocity, acceleration = v * limit, a * limit
    for _ in range(round((abs(v) + 4.0 / ratio) / dt_s) + 50):
        brake = stopping_acceleration(velocity, acceleration, limit, jerk, dt_s)
        assert abs(brake) <= limit
        assert abs(brake - acceleration) <= jerk * dt_s * (1.0 + 1e-9)
        velocity, acceleration = velocity + brake * dt_s, brake
    assert velocity == pytest.approx(0.0, abs=1e-9 * limit)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(motion=motions, room=st.floats(0.0, 1.0), more=st.floats(0.0, 50.0))
def test_largest_acceleration_uses_the_room_and_no_more(
    motion: tuple, room: float, more: float
) -> None:
    limit, ratio, v, a, dt_s, _ = motion
    step = StopStep(v * limit, limit, limit * ratio, dt_s)
    low = stopping_acceleration(v * limit, a * limit, limit, limit * ratio, dt_s)
    found = largest_within(room, step, low, low + more)
    assert low <= found <= low + more
    if step.travel(low) <= room:
        assert step.travel(found) <= room
    if step.travel(low) < room < step.travel(low + more):
        assert step.travel(found) > room - 1e-9


@settings(max_examples=500, deadline=None, derandomize=True)
@given(acceleration=st.floats(-50.0, -1e-3), jerk=st.floats(10.0, 5000.0), ulps=st.integers(-4, 4))
def test_where_both_cases_meet_rounding_does_no_harm(
    acceleration: float, jerk: float, ulps: int
) -> None:
    velocity = 0.5 * acceleration * acceleration / jerk
    for _ in range(abs(ulps)):
        velocity = math.nextafter(velocity, math.copysign(math.inf, ulps))
    exact = -(acceleration**3) / (6.0 * jerk * jerk)
    assert stop_travel(velocity, acceleration, 60.0, jerk) == pytest.approx(exact, rel=1e-6)
