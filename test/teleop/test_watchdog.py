import pytest

from teleop_collect.rig.config import Watchdog
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.watchdog import Doubt, InputWatch, merged

MS = 1_000_000
UTC_NS = 1_700_000_000_000_000_000


def watch(received_ns: int | None = 0) -> InputWatch:
    """A leader's watch with one sample, stamped and received at `received_ns`."""
    watched = InputWatch("leader", LimiterBits.STALE_LEADER, Watchdog())
    if received_ns is not None:
        watched.received(UTC_NS + received_ns, received_ns)
    return watched


def doubt_at(watched: InputWatch, now_ns: int) -> Doubt | None:
    return watched.doubt(now_ns, UTC_NS + now_ns)


@pytest.mark.parametrize(("age_ms", "good"), [(0, True), (100, True), (101, False)])
def test_hold_time_is_the_last_good_age(age_ms: int, good: bool) -> None:
    assert (doubt_at(watch(), age_ms * MS) is None) == good


@pytest.mark.parametrize(("age_ms", "dead"), [(100, False), (500, False), (501, True)])
def test_fault_time(age_ms: int, dead: bool) -> None:
    assert watch().is_dead(age_ms * MS, UTC_NS + age_ms * MS) == dead


def test_nothing_received_is_doubted_but_not_dead() -> None:
    watched = watch(None)
    assert doubt_at(watched, 0) == Doubt(16, "no leader sample has arrived")
    assert not watched.is_dead(10**12, UTC_NS)


def test_fresh_samples_that_are_never_believed_are_dead_in_the_end() -> None:
    watched = watch()
    watched.believe()
    watched.received(UTC_NS + 500 * MS, 500 * MS)
    assert not watched.is_dead(500 * MS, UTC_NS + 500 * MS)
    assert watched.is_dead(501 * MS, UTC_NS + 501 * MS)
    watched.believe()
    assert not watched.is_dead(501 * MS, UTC_NS + 501 * MS)


def test_age_is_the_larger_of_reception_and_stamp() -> None:
    watched = watch()
    assert watched.age_s(30 * MS, UTC_NS + 20 * MS) == 0.03
    assert watched.age_s(30 * MS, UTC_NS + 40 * MS) == 0.04
    assert watched.age_s(-5 * MS, UTC_NS - 5 * MS) == 0.0


def test_unset_stamp_is_very_old() -> None:
    watched = watch(None)
    watched.received(0, 0)
    found = doubt_at(watched, 0)
    assert found is not None
    assert found.bits == LimiterBits.STALE_LEADER
    assert "1700000000.000 s old (received 0.000 s ago)" in found.reason


def test_reception_going_backwards_is_disorder() -> None:
    watched = watch()
    watched.received(UTC_NS + 5 * MS, -1 * MS)
    found = doubt_at(watched, 5 * MS)
    assert found == Doubt(LimiterBits.TIME_ORDER, "leader time went backwards by 0.001000 s")


@pytest.mark.parametrize(("ahead_ms", "good"), [(50, True), (51, False)])
def test_reception_in_the_future(ahead_ms: int, good: bool) -> None:
    watched = watch(None)
    watched.received(UTC_NS, ahead_ms * MS)
    assert (doubt_at(watched, 0) is None) == good


def test_disorder_in_between_is_reported_once() -> None:
    watched = watch()
    watched.received(UTC_NS - 3 * MS, 1 * MS)
    watched.received(UTC_NS + 2 * MS, 2 * MS)
    assert doubt_at(watched, 2 * MS) is not None
    assert doubt_at(watched, 2 * MS) is None


def test_all_doubts_are_told() -> None:
    assert merged([]) is None
    assert merged([Doubt(1, "a")]) == Doubt(1, "a")
    assert merged([Doubt(1, "a"), Doubt(4, "b")]) == Doubt(5, "a; b")
