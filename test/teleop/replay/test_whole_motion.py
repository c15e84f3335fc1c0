"""A motion is looked at as a whole: read, checked, ramped to and judged with exact numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Teleop
from teleop_collect.rig.description import JointBounds
from teleop_collect.samples import JointSample
from teleop_collect.teleop.bounds import soft_bounds
from teleop_collect.teleop.replay.check import ClearanceLimit, violations
from teleop_collect.teleop.replay.ramp import ramp
from teleop_collect.teleop.replay.report import tracking_report
from teleop_collect.teleop.replay.trajectory import Trajectory, recorded_trajectory

JOINTS = ("pan", "lift")
HZ = 200
BOUND = soft_bounds(
    "pan",
    "revolute",
    JointBounds(lower=-1.1, upper=1.1, velocity=2.0),
    Teleop(position_margin_rad=0.1),
)
BOUNDS = (BOUND, BOUND)


def motion(pan, lift=lambda t: 0.0, duration_s: float = 2.0) -> Trajectory:
    times = np.arange(round(duration_s * HZ)) / HZ
    return Trajectory(JOINTS, times, np.array([[pan(t), lift(t)] for t in times]))


def test_a_motion_within_all_limits_passes():
    assert violations(motion(lambda t: 0.9 * math.sin(t)), BOUNDS) == []


def test_a_position_is_refused_with_joint_time_value_and_limit():
    found = violations(motion(lambda t: 0.0, lambda t: 0.6 * t), BOUNDS)

    assert [str(v) for v in found] == [
        "joint lift at 1.995 s: position 1.1970 rad, limit 1.0000 rad"
    ]


def test_a_speed_is_refused_and_a_slower_replay_of_it_is_not():
    fast = motion(lambda t: 0.9 * math.sin(4.0 * t))

    (found,) = violations(fast, BOUNDS)
    assert (found.what, found.joint, found.limit) == ("velocity", "pan", 2.0)
    assert found.value == pytest.approx(3.6, rel=0.01)
    assert violations(fast.scaled(0.5), BOUNDS) == []


def test_a_jump_across_a_gap_in_the_record_is_refused():
    times = np.array([0.0, 0.005, 0.205, 0.21])
    jump = Trajectory(JOINTS, times, np.array([[0.0, 0.0], [0.0, 0.0], [0.9, 0.0], [0.9, 0.0]]))

    (found,) = violations(jump, BOUNDS)
    assert (found.what, found.joint) == ("velocity", "pan")
    assert found.value == pytest.approx(0.9 / 0.2, rel=0.05)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_alone(value):
    found = violations(motion(lambda t: value if t == 1.0 else 5.0), BOUNDS)

    assert [(v.what, v.joint, v.t_s) for v in found] == [("not finite", "pan", 1.0)]


def test_a_clearance_is_refused_where_it_is_smallest():
    def height(posture):
        return 0.5 - posture[0], "link_3 is near the table"

    table = ClearanceLimit("distance", height, 0.02)
    (found,) = violations(motion(lambda t: 0.6 * math.sin(math.pi * t / 2)), BOUNDS, [table])

    assert found.t_s == pytest.approx(1.0, abs=0.03)
    assert found.value == pytest.approx(-0.1, abs=1e-3)
    assert str(found).startswith("link_3 is near the table at ")


def test_recorded_samples_are_ordered_by_joint_name_and_time():
    stamps = np.array([1_000, 1_005, 1_004, 1_005, 1_010]) * 1_000_000
    positions = np.array([[1, 2], [3, 4], [9, 9], [9, 9], [5, 6]], dtype=float)

    found = recorded_trajectory(("lift", "pan"), JOINTS, stamps, positions)

    assert found.times_s == pytest.approx([0.0, 0.005, 0.010])
    assert found.positions.tolist() == [[2, 1], [4, 3], [6, 5]]
    assert found.at(0.0025) == pytest.approx((3.0, 2.0))
    assert (found.at(-1.0), found.at(9.0)) == ((2.0, 1.0), (6.0, 5.0))


def test_another_arms_episode_is_refused_with_both_sets_of_joints():
    with pytest.raises(ConfigError, match="no joint elbow of this rig's arm; it has pan, lift"):
        recorded_trajectory(("pan", "elbow"), JOINTS, np.array([0, 1]), np.zeros((2, 2)))


@pytest.mark.parametrize("count", [0, 1])
def test_an_episode_without_motion_is_refused(count):
    with pytest.raises(ConfigError, match="nothing to replay"):
        recorded_trajectory(JOINTS, JOINTS, np.arange(count), np.zeros((count, 2)))


positions = st.lists(st.floats(-3.0, 3.0), min_size=2, max_size=2)


@given(positions, positions, st.lists(st.floats(0.05, 1.0), min_size=2, max_size=2))
def test_a_ramp_keeps_to_its_speeds_and_rests_at_both_ends(start, end, speeds):
    way = ramp(JOINTS, start, end, speeds)

    assert way.positions[0] == pytest.approx(start, abs=1e-9)
    assert way.positions[-1] == pytest.approx(end, abs=1e-9)
    rates = np.abs(np.diff(way.positions, axis=0) / np.diff(way.times_s)[:, None])
    assert (rates <= np.array(speeds) * (1 + 1e-6) + 1e-9).all()
    assert (rates[[0, -1]] <= np.array(speeds) * 0.2 + 1e-9).all()


def joint_samples(pan, shift_s: float, duration_s: float) -> list[JointSample]:
    times = [n / HZ for n in range(round(duration_s * HZ))]
    return [JointSample(round((t + shift_s) * 1e9), JOINTS, (pan(t), 0.3)) for t in times]


def test_a_lag_is_found_and_its_error_told_apart():
    sent = joint_samples(lambda t: math.sin(2 * t), 0.0, 4.0)
    measured = joint_samples(lambda t: math.sin(2 * t), 0.08, 4.5)

    report = tracking_report(sent, measured, {"pan": "rad", "lift": "rad"})

    assert report is not None
    pan, lift = report.joints["pan"], report.joints["lift"]
    assert pan.lag_ms == pytest.approx(80.0, abs=2.0)
    assert pan.max == pytest.approx(0.16, abs=0.005)
    assert pan.rms > 0.1 > 10 * pan.rms_without_lag
    assert (lift.lag_ms, lift.rms) == (None, pytest.approx(0.0, abs=1e-12))


def test_without_samples_there_is_no_report():
    assert tracking_report([], joint_samples(math.sin, 0.0, 1.0), {"pan": "rad"}) is None
