import numpy as np
import pytest

from teleop_collect.devices.sim.min_jerk import SubmovementTrack, min_jerk


def test_profile_is_cut_to_the_movement_and_symmetric():
    phase = np.array([-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0])
    share = min_jerk(phase)
    assert share == pytest.approx([0, 0, 0.103515625, 0.5, 0.896484375, 1, 1], abs=1e-12)


def test_peak_speed_is_one_and_seven_eighths_of_the_mean():
    share = min_jerk(np.linspace(0, 1, 10001))
    assert np.diff(share).max() * 10000 == pytest.approx(1.875, abs=1e-6)


def test_moves_follow_each_other_and_waits_stay():
    track = SubmovementTrack(np.array([0.0, 5.0]))
    track.wait(1.0)
    track.move(np.array([2.0, 5.0]), 2.0)
    track.move(np.array([2.0, 4.0]), 1.0)
    assert track.now_s == 4.0
    values = track.at(np.array([0.0, 1.0, 2.0, 3.0, 3.5, 4.0, 9.0]))
    assert values[:, 0].tolist() == pytest.approx([0, 0, 1, 2, 2, 2, 2])
    assert values[:, 1].tolist() == pytest.approx([5, 5, 5, 5, 4.5, 4, 4])


def test_an_overlapping_move_adds_to_the_one_still_running():
    track = SubmovementTrack(np.array([0.0]))
    track.move(np.array([1.0]), 2.0)
    track.move(np.array([3.0]), 2.0, overlap_s=1.0)
    assert track.now_s == 3.0
    assert track.goal.tolist() == [3.0]
    assert track.at(np.array([1.0, 2.0, 3.0]))[:, 0] == pytest.approx([0.5, 1 + 2 * 0.5, 3.0])
