import random

import pytest

from teleop_collect.devices.realsense.device_clock import WRAP_US, DeviceClock, WrappingCounter

NS = 1_000_000_000
PERIOD_NS = NS // 30
HOST_MINUS_DEVICE_NS = 7_123_456_789_012
DELAY_NS = 2_000_000


def run(clock, seconds, drift=0.0, jitter_ns=0, start_s=0, seed=0, offset_ns=HOST_MINUS_DEVICE_NS):
    """Frames at 30 Hz; returns the errors against the true host time of each, ns."""
    rng = random.Random(seed)
    errors = []
    for n in range(round(start_s * 30), round((start_s + seconds) * 30)):
        device_ns = n * PERIOD_NS
        true_ns = device_ns + round(device_ns * drift) + offset_ns
        arrived_ns = true_ns + DELAY_NS + round(rng.expovariate(1) * jitter_ns)
        mapped_ns = clock.host_ns(device_ns, arrived_ns)
        assert mapped_ns <= arrived_ns
        errors.append(mapped_ns - true_ns - DELAY_NS)
    return errors


def test_without_jitter_or_drift_every_time_is_the_arrival_less_nothing():
    assert set(run(DeviceClock(), 30)) == {0}


def test_jitter_of_arrival_does_not_reach_the_times():
    errors = run(DeviceClock(), 30, jitter_ns=5_000_000)
    assert max(abs(e) for e in errors[300:]) < 200_000


@pytest.mark.parametrize("drift", [75e-6, -75e-6])
def test_a_drift_of_75_us_each_second_is_measured_and_followed(drift):
    clock = DeviceClock()
    errors = run(clock, 600, drift, jitter_ns=3_000_000)
    assert clock.fit.drift_is_measured
    assert clock.fit.drift == pytest.approx(drift, abs=5e-6)
    # Left alone, the drift adds up to 45 ms over these ten minutes.
    assert max(abs(e) for e in errors[900:]) < 500_000
    assert clock.steps == 0


def test_the_drift_is_unknown_before_ten_seconds_have_passed():
    clock = DeviceClock()
    run(clock, 5, 75e-6)
    assert not clock.fit.drift_is_measured
    assert clock.fit.drift == 0.0


def test_a_burst_of_late_frames_moves_nothing():
    clock = DeviceClock()
    run(clock, 20)
    late = [clock.host_ns(n * PERIOD_NS, 60 * NS + HOST_MINUS_DEVICE_NS) for n in range(600, 640)]
    true = [n * PERIOD_NS + HOST_MINUS_DEVICE_NS + DELAY_NS for n in range(600, 640)]
    assert late == true


def test_a_device_clock_set_ahead_is_found_at_once():
    clock = DeviceClock()
    run(clock, 20)
    errors = run(clock, 20, start_s=30, offset_ns=HOST_MINUS_DEVICE_NS - 10 * NS)
    assert clock.steps == 1
    assert set(errors) == {0}


def test_a_restarted_device_clock_is_found_at_once():
    clock = DeviceClock()
    run(clock, 20)
    errors = run(clock, 20, start_s=0, offset_ns=HOST_MINUS_DEVICE_NS + 25 * NS)
    assert clock.steps == 1
    assert set(errors) == {0}


def test_a_counter_goes_on_past_its_wrap():
    counter = WrappingCounter()
    readings = [WRAP_US - 33_333, 0, 33_333, WRAP_US - 1, 5]
    assert [counter.extended_us(r) for r in readings] == [
        WRAP_US - 33_333,
        WRAP_US,
        WRAP_US + 33_333,
        2 * WRAP_US - 1,
        2 * WRAP_US + 5,
    ]


def test_a_counter_that_falls_a_little_has_restarted_not_wrapped():
    counter = WrappingCounter()
    assert counter.extended_us(1_000_000) == 1_000_000
    assert counter.extended_us(50) == 50
