"""The emulated hand: passes through every sample, is smooth between, rests at the end."""

import math

import pytest

from teleop_collect.devices.bus_emulator.hand import Hand, HandTrajectory
from teleop_collect.errors import ConfigError

S = 1_000_000_000
JOINTS = ("a", "b")


def trajectory(positions, rate_hz=10, joints=("a",)):
    message = {"rate_hz": rate_hz, "joints": list(joints), "positions": positions}
    return HandTrajectory.from_message(message, JOINTS)


def test_passes_through_every_sample_and_rests_at_both_ends():
    hand = Hand({"a": 0.0, "b": 7.0})
    hand.play(trajectory([[0.0], [1.0], [4.0], [2.0]]), 5 * S)
    at = [hand.at("a", 5 * S + i * S // 10)[0] for i in range(4)]
    assert at == pytest.approx([0.0, 1.0, 4.0, 2.0], abs=1e-12)
    assert hand.at("a", 5 * S)[1] == 0.0
    assert hand.at("a", 99 * S) == (2.0, 0.0)


def test_a_steady_ramp_has_its_slope_and_lies_on_the_line():
    hand = Hand({"a": 0.0, "b": 0.0})
    hand.play(trajectory([[0.1 * i] for i in range(10)]), 0)
    position, velocity = hand.at("a", 450_000_000)
    assert position == pytest.approx(0.45, abs=1e-12)
    assert velocity == pytest.approx(1.0, abs=1e-12)


def test_velocity_is_the_slope_of_position():
    hand = Hand({"a": 0.0, "b": 0.0})
    hand.play(trajectory([[math.sin(i / 3)] for i in range(20)]), 0)
    for t_ns in range(50_000_000, 1_900_000_000, 37_000_000):
        before, after = hand.at("a", t_ns - 10_000)[0], hand.at("a", t_ns + 10_000)[0]
        assert hand.at("a", t_ns)[1] == pytest.approx((after - before) / 2e-5, abs=1e-5)


def test_joints_outside_the_trajectory_stay():
    hand = Hand({"a": 0.0, "b": 7.0})
    hand.play(trajectory([[0.0], [1.0]]), 0)
    assert hand.at("b", S // 20) == (7.0, 0.0)


def test_stop_freezes_where_it_is_and_ends_the_progress():
    hand = Hand({"a": 0.0, "b": 0.0})
    hand.play(trajectory([[0.0], [1.0], [2.0], [3.0]]), 0)
    assert hand.progress_s(S // 10) == pytest.approx(0.1)
    hand.stop(S // 10)
    assert hand.at("a", 9 * S) == (1.0, 0.0)
    assert hand.progress_s(S // 10) is None


def test_progress_ends_with_the_trajectory():
    hand = Hand({"a": 0.0, "b": 0.0})
    hand.play(trajectory([[0.0], [1.0], [2.0]]), 0)
    assert hand.progress_s(199_999_999) is not None
    assert hand.progress_s(200_000_000) is None


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ({"rate_hz": 0, "joints": ["a"], "positions": [[0]]}, "rate_hz"),
        ({"rate_hz": True, "joints": "a", "positions": [[0]]}, "joints"),
        ({"rate_hz": 10, "joints": ["a", "a"], "positions": [[0, 0]]}, "different"),
        ({"rate_hz": 10, "joints": ["knee"], "positions": [[0]]}, "knee"),
        ({"rate_hz": 10, "joints": ["a"], "positions": []}, "positions"),
        ({"rate_hz": 10, "joints": ["a", "b"], "positions": [[0, 0], [0]]}, "one length"),
        ({"rate_hz": 10, "joints": ["a", "b"], "positions": [[0]]}, "2 numbers"),
        ({"rate_hz": 10, "joints": ["a"], "positions": [["x"]]}, "numbers"),
        ({"rate_hz": 10, "joints": ["a"], "positions": [[float("nan")]]}, "finite"),
        ({}, "rate_hz"),
    ],
)
def test_a_wrong_trajectory_is_refused_with_the_reason(message, fault):
    with pytest.raises(ConfigError, match=fault):
        HandTrajectory.from_message(message, JOINTS)


def test_a_wrong_pose_is_refused_and_changes_nothing():
    hand = Hand({"a": 1.0, "b": 2.0})
    for pose in ({"knee": 0.0}, {"a": float("inf")}, {"a": "0"}):
        with pytest.raises(ConfigError):
            hand.set_pose(pose, 0)
    assert hand.at("a", 0)[0] == 1.0
