"""Ticks are set by samples, bounded by the nominal rate on both sides."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from teleop_collect.teleop.tick_schedule import PATIENCE, SHORTEST, TickSchedule

RATE_HZ = 200.0
PERIOD = 5_000_000


def ticks(samples: Iterable[int], until: int, wake_up: int = 0) -> list[int]:
    """Times of ticks for samples that arrive at the given times, as the node runs them."""
    schedule, now, done = TickSchedule(RATE_HZ), 0, []
    waiting = sorted(samples)
    while now < until:
        latest = schedule.latest_ns()
        arrival = max(waiting[0], schedule.earliest_ns()) if waiting else latest + 1
        by_sample = arrival <= latest
        now = max(now, arrival if by_sample else latest + wake_up)
        waiting = [sample for sample in waiting if sample > now]
        schedule.ticked(now, by_sample=by_sample)
        done.append(now)
    return done


def test_a_leader_at_the_nominal_rate_sets_every_tick():
    samples = [PERIOD * n + 1_700_000 for n in range(1, 100)]

    assert ticks(samples, samples[-1])[-90:] == samples[-90:]


def test_a_jittering_leader_sets_every_tick():
    samples = [PERIOD * n + (n * 7919 % 11 - 5) * 120_000 for n in range(1, 200)]

    assert ticks(samples, samples[-1])[-90:] == samples[-90:]


def test_without_samples_ticks_keep_the_nominal_rate_however_late_the_loop_wakes():
    done = ticks([], 200 * PERIOD, wake_up=400_000)

    assert len(done) == pytest.approx(201, abs=1)


def test_a_faster_leader_adds_no_ticks():
    done = ticks(range(0, 1000 * PERIOD, 500_000), 1000 * PERIOD)

    assert 1000 <= len(done) <= 1000 / SHORTEST + 3


@pytest.mark.parametrize("ppm", [-500, 500])
def test_a_leader_whose_clock_is_a_little_off_sets_every_tick(ppm):
    period = PERIOD * (1_000_000 + ppm) // 1_000_000
    samples = [period * n + 2_000_000 for n in range(1, 2000)]

    assert ticks(samples, samples[-1])[-900:] == samples[-900:]


def test_late_samples_take_no_ticks_of_their_own():
    samples = [PERIOD * n + (2_400_000 if n % 7 == 0 else 0) for n in range(1, 700)]

    assert len(ticks(samples, samples[-1])) == pytest.approx(700, rel=0.01)


def test_a_slow_leader_leaves_no_gap():
    done = ticks(range(0, 400 * PERIOD, 33_000_000), 400 * PERIOD)

    assert max(b - a for a, b in pairwise(done)) <= PATIENCE * PERIOD


def test_a_leader_that_falls_silent_is_missed_within_a_period_and_a_bit():
    samples = [PERIOD * n for n in range(1, 50)]
    done = ticks(samples, 60 * PERIOD)

    after = [t for t in done if t > samples[-1]]
    assert after[0] - samples[-1] == PATIENCE * PERIOD
    assert after[1] - after[0] == PERIOD


def test_a_late_sample_and_the_one_soon_after_it_are_both_served_at_once():
    samples = [PERIOD * n for n in range(1, 50)]
    samples[30] += 3_900_000

    assert ticks(samples, samples[-1])[-40:] == samples[-40:]


def test_a_leader_at_half_the_rate_gets_a_tick_between_its_samples():
    samples = [2 * PERIOD * n + 1_300_000 for n in range(1, 300)]
    done = ticks(samples, samples[-1])

    assert len(done) == pytest.approx(600, rel=0.02)
    assert set(samples[5:]) <= set(done)
