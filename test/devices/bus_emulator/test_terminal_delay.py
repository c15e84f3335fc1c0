"""What the emulated line takes off for the pseudo terminal under it."""

from teleop_collect.devices.bus_emulator.terminal_delay import (
    MAX_TAKEN_OFF_NS,
    measure_terminal_delay,
)


def test_a_transfer_takes_some_time_and_no_more_than_the_bound_is_taken_off():
    delay = measure_terminal_delay()
    assert 0 < delay.noticed_ns <= MAX_TAKEN_OFF_NS
    assert 0 < delay.delivered_ns <= MAX_TAKEN_OFF_NS
