"""Dead zone, clamping, axes and scale, alone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop_collect.clock import FakeClock
from teleop_collect.devices.spacemouse.backoff import Backoff
from teleop_collect.devices.spacemouse.shaping import TwistShaping, beyond_dead_zone
from teleop_collect.rig.config import SpaceMouseLeader

MS = 1_000_000


def shaping(**config: object) -> TwistShaping:
    settings = {"dead_zone": 0.0, "translation_m_s": 0.2, "rotation_rad_s": 0.8}
    return TwistShaping(SpaceMouseLeader(driver="spacemouse", **{**settings, **config}))


@pytest.mark.parametrize(
    ("deflection", "expected"),
    [(0.0, 0.0), (0.1, 0.0), (-0.1, 0.0), (0.55, 0.5), (-0.55, -0.5), (1.0, 1.0), (-1.0, -1.0)],
)
def test_the_dead_zone_ends_without_a_step(deflection, expected):
    assert beyond_dead_zone(deflection, 0.1) == pytest.approx(expected, abs=1e-15)


def test_axes_are_exchanged_turned_round_and_switched_off():
    axes = {"x": "-y", "y": "x", "roll": "off", "yaw": "-yaw"}
    linear, angular = shaping(axes=axes).twist((0.5, 0.25, 0.0, 0.5, 0.0, 0.5))
    assert linear == pytest.approx((-0.05, 0.1, 0.0))
    assert angular == pytest.approx((0.0, 0.0, -0.4))


def test_a_diagonal_is_no_faster_than_an_axis():
    linear, angular = shaping().twist((1.0, 1.0, 1.0, 0.6, 0.8, 0.0))
    assert math.hypot(*linear) == pytest.approx(0.2)
    assert linear[0] == linear[1] == linear[2]
    assert angular == pytest.approx((0.48, 0.64, 0.0))


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), st.floats(0.0, 0.99))
def test_no_deflection_exceeds_the_speeds(deflections, dead_zone):
    linear, angular = shaping(dead_zone=dead_zone).twist(deflections)
    assert math.hypot(*linear) <= 0.2 + 1e-12
    assert math.hypot(*angular) <= 0.8 + 1e-12


def test_rest_has_no_negative_zero():
    linear, angular = shaping(axes={"x": "-x"}).twist((-0.0, 0.0, -0.0, 0.0, -0.0, 0.0))
    assert [math.copysign(1.0, v) for v in linear + angular] == [1.0] * 6


def test_pauses_double_up_to_400_ms_and_start_again_after_success():
    clock = FakeClock()
    backoff = Backoff(clock)
    pauses_ms = []
    for _ in range(5):
        assert backoff.is_due
        backoff.failed()
        waited_ms = 0
        while not backoff.is_due:
            clock.advance_ns(MS)
            waited_ms += 1
        pauses_ms.append(waited_ms)
    assert pauses_ms == [50, 100, 200, 400, 400]
    backoff.succeeded()
    assert backoff.is_due
    backoff.failed()
    clock.advance_ns(50 * MS)
    assert backoff.is_due
