import pytest

from teleop_collect.clock import FakeClock
from teleop_collect.devices.realsense.frame_counter import FrameCounter
from teleop_collect.devices.realsense.stamping import FrameStamper, FrameTiming

MS = 1_000_000
PERIOD_NS = 33_333_000


def stamps(stamper, clock, timings, period_ns=PERIOD_NS):
    """Stamp each timing, one period after the other; stamps relative to the first, ns."""
    start_ns = clock.utc_ns()
    result = []
    for timing in timings:
        result.append(stamper.stamp_ns(timing) - start_ns)
        clock.advance_ns(period_ns)
    return result


def test_the_counter_is_preferred_to_a_converted_timestamp_and_wraps():
    clock = FakeClock()
    stamper = FrameStamper(clock)
    timings = [
        FrameTiming(0.0, "global_time", counter_us=((1 << 32) - 50_000 + n * 33_333) % (1 << 32))
        for n in range(5)
    ]
    assert stamps(stamper, clock, timings) == [n * PERIOD_NS for n in range(5)]
    assert stamper.source == "frame_timestamp"
    assert stamper.steps == 0


@pytest.mark.parametrize("domain", ["hardware_clock", "global_time", "system_time"])
def test_without_a_counter_the_timestamp_serves_in_any_domain(domain):
    clock = FakeClock()
    stamper = FrameStamper(clock)
    timings = [FrameTiming(1000.0 + n * 33.333, domain) for n in range(5)]
    assert stamps(stamper, clock, timings) == [n * PERIOD_NS for n in range(5)]
    assert stamper.source == domain


def test_a_hardware_clock_in_milliseconds_wraps_too():
    clock = FakeClock()
    stamper = FrameStamper(clock)
    wrap_ms = (1 << 32) / 1000
    timings = [
        FrameTiming((wrap_ms - 50.0 + n * 33.333) % wrap_ms, "hardware_clock") for n in range(5)
    ]
    assert stamps(stamper, clock, timings) == pytest.approx(
        [n * PERIOD_NS for n in range(5)], abs=2000
    )
    assert stamper.steps == 0


def test_half_of_the_exposure_is_taken_off():
    clock = FakeClock()
    timing = FrameTiming(0.0, "global_time", counter_us=5_000_000, exposure_lead_us=4_250)
    assert FrameStamper(clock).stamp_ns(timing) == clock.utc_ns() - 4_250_000


def test_the_arrival_that_the_sdk_noted_counts_instead_of_the_later_read():
    clock = FakeClock()
    arrived_ms = clock.utc_ns() // MS
    clock.advance_ns(12 * MS)
    timing = FrameTiming(0.0, "global_time", counter_us=1, arrival_utc_ms=arrived_ms)
    # Told in whole ms rounded down, the arrival may have been up to 1 ms later.
    assert FrameStamper(clock).stamp_ns(timing) == (arrived_ms + 1) * MS


@pytest.mark.parametrize("age_ms", [-50, 60_000])
def test_an_arrival_in_the_future_or_from_a_recording_is_not_believed(age_ms):
    clock = FakeClock()
    arrived_ms = clock.utc_ns() // MS - age_ms
    timing = FrameTiming(0.0, "global_time", counter_us=1, arrival_utc_ms=arrived_ms)
    assert FrameStamper(clock).stamp_ns(timing) == clock.utc_ns()


def test_a_step_of_the_wall_clock_moves_the_stamps_and_not_the_mapping():
    clock = FakeClock()
    stamper = FrameStamper(clock)
    first = stamper.stamp_ns(FrameTiming(0.0, "global_time", counter_us=0))
    clock.advance_ns(PERIOD_NS)
    clock.step_utc_ns(-5_000 * MS)
    second = stamper.stamp_ns(FrameTiming(0.0, "global_time", counter_us=33_333))
    assert second - first == PERIOD_NS - 5_000 * MS
    assert stamper.steps == 0


def test_numbers_that_never_came_are_lost_and_numbers_that_came_twice_are_not_new():
    counter = FrameCounter()
    assert [counter.accept(n) for n in (7, 8, 8, 12, 13)] == [True, True, False, True, True]
    assert (counter.taken, counter.lost, counter.repeated, counter.restarts) == (4, 3, 1, 0)


def test_numbering_that_begins_anew_is_a_restart_and_no_loss():
    counter = FrameCounter()
    assert all(counter.accept(n) for n in (100, 101, 0, 1))
    counter.restart()
    assert counter.accept(500)
    assert (counter.taken, counter.lost, counter.restarts) == (5, 0, 2)
