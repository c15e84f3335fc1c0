import numpy as np
import pytest

from teleop_collect.episodes.streams import StreamData, StreamTimes
from teleop_collect.qa.motion import lag_s, motions

RATE_HZ = 200.0


def wave(t_s: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * 0.7 * t_s) + 0.4 * np.sin(2 * np.pi * 1.9 * t_s + 1.0)


def stream(stamps: np.ndarray, position: np.ndarray, names: tuple[str, ...]) -> StreamData:
    times = StreamTimes(stamps, stamps, stamps, np.arange(len(stamps)))
    return StreamData("/x", "sensor_msgs/msg/JointState", times, names, {"position": position})


@pytest.mark.parametrize("lag", [0.0, 0.0125, 0.0337, 0.18, -0.021])
def test_lag_is_found_to_a_fraction_of_a_sample(lag: float):
    t_s = np.arange(0, 6, 1 / RATE_HZ)
    assert lag_s(wave(t_s), wave(t_s - lag), RATE_HZ, 0.5) == pytest.approx(lag, abs=5e-4)


def test_a_steady_trend_does_not_pull_the_lag():
    t_s = np.arange(0, 4, 1 / RATE_HZ)
    leading, following = wave(t_s) + t_s, wave(t_s - 0.05) + t_s - 0.05
    assert lag_s(leading, following, RATE_HZ, 0.5) == pytest.approx(0.05, abs=2e-3)


def test_what_does_not_move_has_no_lag():
    assert np.isnan(lag_s(np.zeros(100), wave(np.arange(100) / RATE_HZ), RATE_HZ, 0.1))


def test_streams_meet_on_shared_joints_and_time_whatever_their_order():
    stamps = np.arange(1, 101, dtype=np.int64) * 10_000_000
    ramp = np.stack([stamps / 1e9, 5.0 - stamps / 1e9], axis=1)
    shuffled = np.random.default_rng(0).permutation(100)
    a = stream(stamps, ramp, ("one", "two"))
    b = stream(stamps[shuffled] + 200_000_000, ramp[shuffled][:, ::-1], ("two", "one"))
    both = motions((a, b), 100.0)
    assert both is not None
    assert both[0].names == both[1].names == ("one", "two")
    assert both[0].start_ns == 210_000_000
    assert len(both[0]) == len(both[1]) == 80
    np.testing.assert_allclose(both[0].column("one")[:2], [0.21, 0.22])
    np.testing.assert_allclose(both[1].column("one")[:2], [0.01, 0.02])


def test_rows_that_are_no_numbers_are_left_out():
    stamps = np.arange(1, 41, dtype=np.int64) * 10_000_000
    position = (stamps / 1e9)[:, None].copy()
    position[5] = np.nan
    moved = motions((stream(stamps, position, ("one",)),), 100.0)
    assert moved is not None
    np.testing.assert_allclose(moved[0].column("one"), stamps / 1e9)


def test_streams_without_shared_joints_or_time_do_not_meet():
    stamps = np.arange(1, 41, dtype=np.int64) * 10_000_000
    a = stream(stamps, np.zeros((40, 1)), ("one",))
    assert motions((a, stream(stamps, np.zeros((40, 1)), ("two",))), 100.0) is None
    assert motions((a, stream(stamps + 10**9, np.zeros((40, 1)), ("one",))), 100.0) is None
