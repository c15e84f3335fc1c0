import numpy as np
import pytest

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.latency import Signal, find_lag, swing


def motion(t_s: np.ndarray) -> np.ndarray:
    """A joint that swings with a growing frequency and pauses."""
    return 0.4 * np.sin(2 * np.pi * (0.4 + 0.05 * t_s) * t_s) * (1 + 0.3 * np.sin(0.7 * t_s))


def joint() -> Signal:
    rng = np.random.default_rng(1)
    t_s = np.arange(0, 8, 1 / 200)
    return Signal(t_s, motion(t_s) + rng.normal(0, 1e-4, len(t_s)))


@pytest.mark.parametrize("true_s", [-0.041, 0.0, 0.0137, 0.0333, 0.1209])
def test_the_delay_of_images_is_found_within_three_milliseconds(true_s: float):
    rng = np.random.default_rng(2)
    t_s = np.sort(np.linspace(0.1, 7.9, 234) + rng.normal(0, 0.002, 234))
    pixels = np.stack([200 + 90 * motion(t_s - true_s), 120 - 30 * motion(t_s - true_s)], axis=1)
    seen = Signal(t_s, swing(pixels + rng.normal(0, 0.3, pixels.shape)))
    lag = find_lag(joint(), seen, "camera scene")
    assert lag.lag_s == pytest.approx(true_s, abs=0.003)
    assert lag.correlation > 0.99
    assert 0 < lag.error_s < 0.003


@pytest.mark.parametrize("true_s", [0.004, 0.0487])
def test_the_lag_of_a_joint_is_found_within_three_milliseconds(true_s: float):
    t_s = np.arange(0, 8, 1 / 200)
    state = Signal(t_s + 0.0013, motion(t_s + 0.0013 - true_s) + 0.17)
    lag = find_lag(joint(), state, "elbow")
    assert lag.lag_s == pytest.approx(true_s, abs=0.003)


def test_speeds_tell_the_delay_too():
    t_s = np.arange(0, 8, 1 / 30)
    effect = Signal(t_s, motion(t_s - 0.06)).changes()
    assert find_lag(joint().changes(), effect, "x").lag_s == pytest.approx(0.06, abs=0.003)


def test_a_joint_that_stands_still_is_refused():
    t_s = np.arange(0, 8, 1 / 200)
    with pytest.raises(CheckFailed, match=r"elbow: both signals correlate by 0\.00 at best"):
        find_lag(joint(), Signal(t_s, np.zeros(len(t_s))), "elbow")


def test_a_signal_of_something_else_is_refused():
    t_s = np.arange(0, 8, 1 / 30)
    noise = np.random.default_rng(4).normal(0, 1, len(t_s))
    with pytest.raises(CheckFailed, match="move farther and vary the speed"):
        find_lag(joint(), Signal(t_s, noise), "camera scene")


def test_too_short_a_motion_is_refused():
    t_s = np.arange(0, 1.2, 1 / 30)
    short = Signal(t_s, motion(t_s))
    with pytest.raises(CheckFailed, match="move for 4 s or longer"):
        find_lag(short, short, "camera scene")
