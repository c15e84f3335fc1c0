"""The clutch of a leader arm."""

import pytest

from teleop_collect.rig.leader_config import Clutch
from teleop_collect.samples import JointSample
from teleop_collect.teleop.clutch import LeaderClutch

HOLD_AFTER_S = 0.1
MS = 1_000_000


def sample(ms: int, elbow: float, pedal: float) -> JointSample:
    return JointSample(ms * MS, ("elbow", "pedal"), (elbow, pedal), (0.5, 0.0))


def passed(clutch: LeaderClutch, ms: int, elbow: float, pedal: float) -> JointSample | None:
    return clutch.passed(sample(ms, elbow, pedal), ms * MS)


@pytest.fixture
def clutch() -> LeaderClutch:
    return LeaderClutch(Clutch(joint="pedal", threshold_rad=0.5), HOLD_AFTER_S)


def test_without_pressing_samples_pass_as_they_are(clutch: LeaderClutch):
    assert passed(clutch, 0, 1.0, 0.1) == sample(0, 1.0, 0.1)


def test_while_pressed_the_follower_is_asked_to_stay_with_fresh_stamps(clutch: LeaderClutch):
    passed(clutch, 0, 1.0, 0.1)
    for ms, elbow in ((10, 1.2), (600, 2.0)):
        asked = passed(clutch, ms, elbow, 0.9)
        assert asked is not None
        assert asked.by_name()["elbow"] == 1.0
        assert (asked.stamp_ns, asked.velocity) == (ms * MS, ())


def test_after_the_release_it_is_silent_until_the_chain_holds(clutch: LeaderClutch):
    passed(clutch, 0, 1.0, 0.1)
    passed(clutch, 10, 2.0, 0.9)
    for ms in range(20, 170, 5):
        assert passed(clutch, ms, 2.0, 0.1) is None
    assert passed(clutch, 170, 2.0, 0.1) == sample(170, 2.0, 0.1)


def test_a_loop_that_stood_still_meanwhile_finds_the_silence_still_there(clutch: LeaderClutch):
    passed(clutch, 0, 1.0, 0.1)
    passed(clutch, 10, 2.0, 0.9)
    for ms in range(20, 115, 5):
        assert passed(clutch, ms, 2.0, 0.1) is None
    for ms in range(200, 235, 5):  # the hold was due at 110 ms
        assert passed(clutch, ms, 2.0, 0.1) is None
    assert passed(clutch, 235, 2.0, 0.1) == sample(235, 2.0, 0.1)


def test_pressed_from_the_start_it_stays_where_it_is(clutch: LeaderClutch):
    asked = passed(clutch, 0, 1.0, 0.9)
    assert asked is not None
    assert asked.by_name()["elbow"] == 1.0


def test_pressing_again_during_the_silence_stays_at_the_newest_posture(clutch: LeaderClutch):
    passed(clutch, 0, 1.0, 0.1)
    passed(clutch, 10, 1.5, 0.9)
    passed(clutch, 20, 2.0, 0.1)
    asked = passed(clutch, 30, 2.5, 0.9)
    assert asked is not None
    assert asked.by_name()["elbow"] == 2.0


def test_a_clutch_may_be_pressed_below_its_threshold():
    clutch = LeaderClutch(Clutch(joint="pedal", threshold_rad=0.5, pressed="below"), HOLD_AFTER_S)
    passed(clutch, 0, 1.0, 0.9)
    asked = passed(clutch, 10, 2.0, 0.1)
    assert asked is not None
    assert asked.by_name()["elbow"] == 1.0


def test_a_leader_without_the_clutchs_joint_passes(clutch: LeaderClutch):
    bare = JointSample(0, ("elbow",), (1.0,))
    assert clutch.passed(bare, 0) == bare
