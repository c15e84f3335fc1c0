import numpy as np
import pytest

from teleop_collect.qa.smoothness import (
    dimensionless_jerk,
    log_dimensionless_jerk,
    low_passed,
    sparc,
)

RATE_HZ = 100.0
BELL = np.exp(-5.0 * np.arange(-1.0, 1.0, 1.0 / RATE_HZ) ** 2)


def test_published_values_of_a_bell_shaped_speed():
    assert sparc(BELL, RATE_HZ) == pytest.approx(-1.41403, abs=5e-6)
    assert dimensionless_jerk(BELL, RATE_HZ) == pytest.approx(-335.74684, abs=5e-6)
    assert log_dimensionless_jerk(BELL, RATE_HZ) == pytest.approx(-5.81636, abs=5e-6)


def test_scale_of_speed_does_not_matter():
    assert sparc(7.0 * BELL, RATE_HZ) == pytest.approx(sparc(BELL, RATE_HZ))
    assert dimensionless_jerk(7.0 * BELL, RATE_HZ) == pytest.approx(-335.74684, abs=5e-6)


def test_a_movement_in_two_pieces_is_less_smooth():
    twice = np.concatenate([BELL, BELL])
    assert sparc(twice, RATE_HZ) < sparc(BELL, RATE_HZ)
    assert log_dimensionless_jerk(twice, RATE_HZ) < log_dimensionless_jerk(BELL, RATE_HZ)


@pytest.mark.parametrize("speed", [np.zeros(50), np.ones(1), np.array([])])
def test_without_movement_there_is_no_smoothness(speed: np.ndarray):
    assert np.isnan(sparc(speed, RATE_HZ))
    assert np.isnan(dimensionless_jerk(speed, RATE_HZ))


def test_low_pass_keeps_slow_and_removes_fast():
    t_s = np.arange(400) / RATE_HZ
    slow, fast = np.sin(2 * np.pi * 2 * t_s), np.sin(2 * np.pi * 30 * t_s)
    np.testing.assert_allclose(low_passed(slow + fast, RATE_HZ, 10.0), slow, atol=1e-9)
