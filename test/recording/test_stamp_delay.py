import pytest

from teleop_collect.recording.stamp_delay import FUTURE_NS, LATE_NS, StampDelay

NS = 1_000_000_000
T0 = 1_700_000_000 * NS


def test_limits_are_exact() -> None:
    delay = StampDelay()
    for behind_ns in (LATE_NS, LATE_NS + 1, -FUTURE_NS, -FUTURE_NS - 1, 0):
        delay.add(T0, T0 + behind_ns)
    delay.add(0, T0)
    found = delay.counts()
    assert (found.late, found.future_stamps, found.unstamped) == (1, 1, 1)


@pytest.mark.parametrize("drift_ppm", [0.0, 40.0, -250.0])
def test_offset_and_drift_of_a_device_clock_below_bursty_delays(drift_ppm: float) -> None:
    """Every tenth message is fast (2 ms); the others wait in queues of up to 50 ms."""
    delay = StampDelay()
    for n in range(6000):
        elapsed_ns = n * 10_000_000
        wait_ns = 2_000_000 if n % 10 == 0 else 7_000_000 + (n * 7919 % 43_000_000)
        stamp_ns = T0 - 300_000_000 + round(elapsed_ns * (1 - drift_ppm / 1e6))
        delay.add(stamp_ns, T0 + elapsed_ns + wait_ns)
    found = delay.counts()
    assert found.clock_offset_ms == pytest.approx(302.0, abs=0.2)
    assert found.clock_drift_ppm == pytest.approx(drift_ppm, abs=2.0)


def test_drift_needs_five_seconds_and_an_offset_one_message() -> None:
    delay = StampDelay()
    assert delay.counts().clock_offset_ms == "unknown"
    delay.add(T0, T0 + 4_000_000)
    assert (delay.counts().clock_offset_ms, delay.counts().clock_drift_ppm) == (4.0, "unknown")
