"""Register rules of one emulated servo."""

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


def test_torque_holds_the_shaft_against_the_hand(servo, shaft):
    assert servo.write(64, b"\x01", 0) == 0
    shaft["ticks"] = 3000.0
    assert servo.read(132, 4, 0)[1] == word(2048)
    assert servo.write(64, b"\x00", 0) == 0
    assert servo.read(132, 4, 0)[1] == word(3000)


def test_goal_position_moves_only_with_torque_and_within_limits(servo):
    assert servo.write(116, word(100), 0) == 0
    assert servo.read(132, 4, 0)[1] == word(2048)
    servo.write(64, b"\x01", 0)
    assert servo.write(116, word(100), 0) == 0
    assert servo.read(132, 4, 0)[1] == word(100)
    assert servo.write(116, word(4096), 0) == ErrorNumber.DATA_LIMIT
    assert servo.read(116, 4, 0)[1] == word(100)


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
