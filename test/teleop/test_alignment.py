import pytest
from support.teleop_driver import BOUNDS, JOINTS, TELEOP, TYPES

from teleop_collect.rig.config import Align
from teleop_collect.teleop.alignment import Alignment
from teleop_collect.teleop.bounds import all_soft_bounds

SOFT = all_soft_bounds(JOINTS, TYPES, BOUNDS, TELEOP)


def alignment() -> Alignment:
    return Alignment(JOINTS, SOFT, Align(tolerance_rad=0.1, tolerance_m=0.01))


def test_tolerance_is_inclusive_and_by_unit() -> None:
    aligned = alignment()
    assert aligned.gap((0.1, 0.01, -0.1), (0.0, 0.0, 0.0), "follower") is None
    assert aligned.gap((0.1, 0.0, 0.0), (-0.001, 0.0, 0.0), "follower") is not None
    text = aligned.gap((0.0, 0.031, 0.0), (0.0, 0.02, 0.0), "follower")
    assert text == ("joint finger: leader asks 0.0310 m, follower is at 0.0200 m, tolerance 0.01 m")


def test_negative_gaps_count_as_much_as_positive_ones() -> None:
    assert alignment().gap((-0.2, 0.0, 0.0), (0.0, 0.0, 0.0), "follower") is not None
    assert alignment().gap((0.2, 0.0, 0.0), (0.0, 0.0, 0.0), "follower") is not None


def test_the_joint_furthest_in_tolerances_is_named() -> None:
    # 0.3 rad are three tolerances, 0.04 m are four.
    text = alignment().gap((0.3, 0.04, 0.0), (0.0, 0.0, 0.0), "command")
    assert text is not None
    assert text.startswith("joint finger: leader asks 0.0400 m, command is at 0.0000 m")


def test_wish_beyond_a_soft_limit_counts_as_the_limit() -> None:
    assert alignment().gap((2.9, 0.0, 0.0), (1.45, 0.0, 0.0), "follower") is None


def test_offset_shrinks_smoothly_to_exactly_zero() -> None:
    aligned = alignment()
    aligned.begin_following((0.0, 0.0, 0.0), (0.06, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert aligned.offsets == [0.06, 0.0, 0.0]
    rates = []
    before = 0.06
    for _ in range(100):
        if aligned.offsets[0] == 0.0:
            break
        rates.append(aligned.shrink(0, 0.005))
        assert aligned.offsets[0] == pytest.approx(before + rates[-1] * 0.005, abs=1e-12)
        before = aligned.offsets[0]
    assert aligned.offsets[0] == 0.0
    # Half of 10 rad/s^2 speeds up to the ramp's 0.25 rad/s and down again.
    assert rates[:3] == pytest.approx([-0.025, -0.05, -0.075])
    assert min(rates) == -0.25
    assert rates[-1] > -0.05


def test_shrinking_begins_with_the_velocity_that_the_command_has() -> None:
    aligned = alignment()
    aligned.begin_following((0.0, 0.0, 0.0), (0.06, 0.0, -0.06), (-0.2, 0.0, -0.2))
    # The elbow already moves towards the wish, the wrist away from it.
    assert aligned.shrink(0, 0.005) == pytest.approx(-0.225)
    assert aligned.shrink(2, 0.005) == pytest.approx(0.05)


def test_measured_outside_by_more_than_the_tolerance_is_named() -> None:
    aligned = alignment()
    assert aligned.outside((1.6, 0.05, 99.0)) is None
    text = aligned.outside((0.0, 0.0501, 0.0))
    assert text is not None
    assert text.startswith("joint finger: follower is at 0.0501 m, outside its limits 0.0000 to")


def test_offset_is_against_the_reachable_wish() -> None:
    aligned = alignment()
    aligned.begin_following((1.9, 0.0, 0.0), (1.4, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert aligned.offsets == [pytest.approx(1.4 - 1.48), 0.0, 0.0]
