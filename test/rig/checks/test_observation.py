import math

import pytest

from teleop_collect.rig.checks.observation import Observation, Observer
from teleop_collect.samples import JointSample, WrenchSample
from teleop_collect.topics import Qos

MS = 1_000_000


def test_rate_gap_and_age_are_measured_exactly():
    observer = Observer("x")
    for receive_ms, age_ms in ((0, 5), (10, 1), (20, 3), (60, 2)):
        observer.receive(receive_ms * MS, (receive_ms - age_ms) * MS)
    seen = observer.observation(("a/msg/B",), 1, Qos(5))
    assert (seen.count, seen.first_ns, seen.last_ns) == (4, 0, 60 * MS)
    assert seen.max_gap_ns == 40 * MS
    assert seen.mean_hz == pytest.approx(50.0)
    assert seen.stamp_age_s == 0.003
    assert (seen.types, seen.publishers, seen.offered) == (("a/msg/B",), 1, Qos(5))


def test_what_was_not_seen_is_none_and_not_zero():
    seen = Observer("x").observation((), 0, None)
    assert seen == Observation("x")
    assert (seen.mean_hz, seen.max_gap_ns, seen.stamp_age_s, seen.first_ns) == (None,) * 4


def test_one_message_gives_no_rate_and_no_gap():
    observer = Observer("x")
    observer.receive(5)
    seen = observer.observation((), 1, None)
    assert (seen.count, seen.mean_hz, seen.max_gap_ns, seen.stamp_age_s) == (1, None, None, None)


def test_only_a_new_value_is_a_change_a_new_stamp_is_not():
    observer = Observer("x")
    for stamp, force in ((1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0)):
        sample = WrenchSample(stamp, "ft", (force, 0.0, 0.0), (0.0, 0.0, 0.0))
        observer.receive(stamp, stamp, sample)
    seen = observer.observation((), 1, None)
    assert (seen.changes, seen.non_finite, seen.sample.stamp_ns) == (1, 0, 4)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_not_finite_are_counted(value: float):
    observer = Observer("x")
    observer.receive(1, 1, JointSample(1, ("a",), (0.0,), (value,)))
    observer.receive(2, 2, JointSample(2, ("a",), (0.0,), (0.0,)))
    observer.receive(3, 3, WrenchSample(3, "ft", (0.0, value, 0.0), (0.0, 0.0, 0.0)))
    assert observer.observation((), 1, None).non_finite == 2
