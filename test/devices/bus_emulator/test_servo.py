"""Register rules of one emulated servo."""

import itertools

import pytest

from teleop_collect.devices.bus_emulator.protocol import ALERT, ErrorNumber
from teleop_collect.devices.bus_emulator.servo import EmulatedServo, ShaftState
from teleop_collect.devices.dynamixel import models

MS = 1_000_000


def word(value, size=4):
    return value.to_bytes(size, "little", signed=True)


@pytest.fixture
def shaft():
    return {"ticks": 2048.4, "velocity_units": -3.2}


@pytest.fixture
def servo(shaft):
    return EmulatedServo(5, models.model_by_name("XL430-W250"), lambda at_ns: ShaftState(**shaft))


def test_identity_and_measured_block(servo):
    assert servo.read(0, 2, 0) == (0, word(1060, 2))
    assert servo.read(7, 1, 0) == (0, b"\x05")
    assert servo.read(126, 10, 0) == (0, word(0, 2) + word(-3) + word(2048))
    assert servo.read(120, 2, 40_000 * MS) == (0, word(40_000 - 32_768, 2))


def settle(servo, seconds=4.0, step_s=0.05):
    """Let time pass with packets on the bus; the time after it, ns."""
    steps = round(seconds / step_s)
    for step in range(1, steps + 1):
        servo.hear(round(step * step_s * 1e9))
    return round(seconds * 1e9)


def position(servo, at_ns):
    return int.from_bytes(servo.read(132, 4, at_ns)[1], "little", signed=True)


def test_torque_holds_the_shaft_against_the_hand(servo, shaft):
    assert servo.write(116, word(2048), 0) == 0
    assert servo.write(64, b"\x01", 0) == 0
    shaft["ticks"] = 3000.0
    assert servo.read(132, 4, 0)[1] == word(2048)
    assert servo.write(64, b"\x00", 0) == 0
    assert servo.read(132, 4, 0)[1] == word(3000)


def test_goal_position_moves_only_with_torque_and_within_limits(servo):
    assert servo.write(116, word(100), 0) == 0
    assert position(servo, settle(servo)) == 2048
    servo.write(64, b"\x01", 4000 * MS)
    assert position(servo, 8000 * MS) == 100
    assert servo.write(116, word(4096), 8000 * MS) == ErrorNumber.DATA_LIMIT
    assert servo.read(116, 4, 8000 * MS)[1] == word(100)


@pytest.fixture
def free():
    """A servo that nobody holds, torque on at 2048."""
    servo = EmulatedServo(5, models.model_by_name("XM430-W350"), 2048.0)
    servo.write(116, word(2048), 0)
    servo.write(64, b"\x01", 0)
    return servo


def test_a_motor_accelerates_and_arrives_without_overshoot(free):
    free.write(116, word(3000), 0)
    track = [position(free, ms * MS) for ms in range(0, 1500, 10)]
    assert track[0] == 2048
    # 40 rad/s^2 for 10 ms: 0.002 rad, 1.3 ticks (and the steps of 1 ms add a tenth).
    assert track[1] in (2049, 2050)
    assert track == sorted(track)
    assert track[-1] == 3000
    # 5 rad/s at most: 32.6 ticks in 10 ms.
    assert max(b - a for a, b in itertools.pairwise(track)) <= 33


def test_profile_velocity_and_goal_pwm_slow_it_down(free):
    free.write(112, word(10), 0)
    free.write(116, word(3000), 0)
    before = position(free, 1500 * MS)
    # 10 units of 0.229 rev/min are 156.3 ticks/s.
    assert position(free, 2500 * MS) - before in (156, 157)


def test_no_voltage_no_movement(free):
    free.write(100, word(0, 2), 0)
    free.write(116, word(3000), 0)
    assert position(free, 1000 * MS) == 2048


def test_current_based_position_presses_with_goal_current_only(free):
    free.write(64, b"\x00", 0)
    assert free.write(11, b"\x05", 0) == 0
    assert free.write(102, word(1194, 2), 0) == ErrorNumber.DATA_LIMIT
    assert free.write(102, word(200, 2), 0) == 0
    free.motor.obstacle = 2500.0
    free.write(116, word(3000), 0)
    free.write(64, b"\x01", 0)
    current, rest = free.read(126, 10, 3000 * MS)[1][:2], position(free, 3000 * MS)
    assert rest == 2500
    assert int.from_bytes(current, "little") == 200


def test_models_without_current_sensor_know_no_current(servo):
    assert servo.write(102, word(1, 2), 0) == ErrorNumber.ACCESS
    assert servo.write(38, word(1, 2), 0) == ErrorNumber.ACCESS
    assert servo.write(11, b"\x05", 0) == ErrorNumber.DATA_RANGE
    assert servo.write(11, b"\x04", 0) == 0


def test_bus_watchdog_stops_the_motor_and_locks_the_goals_until_cleared(free):
    assert free.write(98, b"\x05", 0) == 0
    free.hear(0)
    free.write(116, word(4000), 0)
    free.hear(100 * MS)
    assert free.read(98, 1, 100 * MS)[1] == b"\x05"
    stopped = position(free, 200 * MS + 1)
    assert 2048 < stopped < 3000
    assert free.read(98, 1, 201 * MS)[1] == b"\xff"
    assert position(free, 4000 * MS) == stopped
    for address, size in ((100, 2), (102, 2), (104, 4), (116, 4)):
        assert free.write(address, word(1, size), 4000 * MS) == ErrorNumber.DATA_RANGE
    assert free.torque
    assert free.write(98, b"\x00", 4000 * MS) == 0
    assert free.write(116, word(2100), 4000 * MS) == 0
    assert position(free, 7000 * MS) == 2100


def test_the_watchdog_rests_while_torque_is_off(servo):
    servo.write(98, b"\x05", 0)
    servo.hear(0)
    assert servo.read(98, 1, 10_000 * MS)[1] == b"\x05"


def test_a_shaft_without_torque_falls(free):
    free.fall_ticks_s = -100.0
    assert position(free, 1000 * MS) == 2048
    free.write(64, b"\x00", 1000 * MS)
    assert position(free, 2000 * MS) == 1948


def test_homing_offset_is_added(servo):
    servo.write(20, word(-48), 0)
    assert servo.read(132, 4, 0)[1] == word(2000)


@pytest.mark.parametrize(
    ("address", "data", "error"),
    [
        (0, b"\x00\x00", ErrorNumber.ACCESS),
        (132, word(0), ErrorNumber.ACCESS),
        (15, b"\x00", ErrorNumber.ACCESS),
        (116, b"\x00\x00", ErrorNumber.DATA_LENGTH),
        (64, b"\x02", ErrorNumber.DATA_RANGE),
        (20, word(2_000_000), ErrorNumber.DATA_RANGE),
    ],
)
def test_wrong_writes_are_refused(servo, address, data, error):
    before = servo.read(0, 100, 0)
    assert servo.write(address, data, 0) == error
    assert servo.read(0, 100, 0) == before


def test_eeprom_is_locked_while_torque_is_on(servo):
    servo.write(64, b"\x01", 0)
    assert servo.write(9, b"\x0a", 0) == ErrorNumber.ACCESS
    servo.write(64, b"\x00", 0)
    assert servo.write(9, b"\x0a", 0) == 0
    assert servo.return_delay_ns == 20_000


def test_neighbouring_items_can_be_written_at_once_or_not_at_all(servo):
    assert servo.write(9, b"\x01\x01\x04", 0) == 0
    assert servo.read(9, 3, 0)[1] == b"\x01\x01\x04"
    assert servo.write(9, b"\x02\x02\x63", 0) == ErrorNumber.DATA_RANGE
    assert servo.read(9, 3, 0)[1] == b"\x01\x01\x04"


def test_reading_past_the_table_is_refused(servo):
    assert servo.read(660, 10, 0) == (ErrorNumber.ACCESS, b"")


def test_overload_raises_the_alert_and_ends_torque_until_reboot(servo):
    servo.write(64, b"\x01", 0)
    servo.set_hardware_error(0x20)
    assert servo.alert == ALERT
    assert not servo.torque
    assert servo.read(70, 1, 0)[1] == b"\x20"
    assert servo.write(64, b"\x01", 0) == ErrorNumber.RESULT_FAIL
    servo.reboot()
    assert servo.alert == 0
    assert servo.write(64, b"\x01", 0) == 0


def test_reboot_resets_ram_but_not_eeprom(servo):
    servo.write(9, b"\x07", 0)
    servo.write(112, word(50), 0)
    servo.reboot()
    assert servo.read(9, 1, 0)[1] == b"\x07"
    assert servo.read(112, 4, 0)[1] == word(0)
