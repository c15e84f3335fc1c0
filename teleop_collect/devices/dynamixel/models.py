"""Control table of Dynamixel X-series servos: what the driver reads and the emulator answers.

Source: ROBOTIS e-Manual (emanual.robotis.com, pages `dxl/x/<model>`), tables "Control Table of
EEPROM Area" and "Control Table of RAM Area"; model numbers also in the SDK's `dynamixel.model`.
All models listed here share these addresses. Ranges are the widest among them, initial values those
of the XL330-M288.
"""

import difflib
import math
from dataclasses import dataclass
from enum import IntEnum

from teleop_collect.errors import ConfigError

TICKS_PER_REVOLUTION = 4096
CENTER_TICKS = 2048
"""Reading of a servo at 0 rad."""
RAD_PER_TICK = 2 * math.pi / TICKS_PER_REVOLUTION
RAD_S_PER_VELOCITY_UNIT = 0.229 * 2 * math.pi / 60
"""One velocity unit is 0.229 rev/min."""
RETURN_DELAY_UNIT_S = 2e-6


@dataclass(frozen=True)
class Item:
    """One entry of the control table.

    Attributes:
        address: first byte.
        size: bytes, little endian.
        writable: RW in the manual; else R.
        minimum: lowest value that may be written, None for unrestricted.
        maximum: highest value that may be written.
        initial: factory value.
    """

    address: int
    size: int
    writable: bool = False
    minimum: int | None = None
    maximum: int | None = None
    initial: int = 0

    @property
    def signed(self) -> bool:
        """Whether negative values have a meaning."""
        return self.size > 1 and (self.minimum is None or self.minimum < 0)

    def pack(self, value: int) -> bytes:
        """The bytes of a value; two's complement where it is negative."""
        return (value & (1 << 8 * self.size) - 1).to_bytes(self.size, "little")

    def unpack(self, data: bytes | bytearray) -> int:
        """The value of bytes."""
        return int.from_bytes(data, "little", signed=self.signed)

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + self.size


RAM_START = 64
"""Below: EEPROM, which can only be written while torque is off."""

MODEL_NUMBER = Item(0, 2)
MODEL_INFORMATION = Item(2, 4)
FIRMWARE_VERSION = Item(6, 1)
ID = Item(7, 1, True, 0, 252, 1)
BAUD_RATE = Item(8, 1, True, 0, 7, 1)
RETURN_DELAY_TIME = Item(9, 1, True, 0, 254, 250)
DRIVE_MODE = Item(10, 1, True, 0, 13)
OPERATING_MODE = Item(11, 1, True, 0, 16, 3)
SHADOW_ID = Item(12, 1, True, 0, 255, 255)
PROTOCOL_TYPE = Item(13, 1, True, 1, 22, 2)
HOMING_OFFSET = Item(20, 4, True, -1_044_479, 1_044_479)
MOVING_THRESHOLD = Item(24, 4, True, 0, 1023, 10)
TEMPERATURE_LIMIT = Item(31, 1, True, 0, 100, 70)
MAX_VOLTAGE_LIMIT = Item(32, 2, True, 31, 160, 70)
MIN_VOLTAGE_LIMIT = Item(34, 2, True, 31, 160, 35)
PWM_LIMIT = Item(36, 2, True, 0, 885, 885)
CURRENT_LIMIT = Item(38, 2, True, 0, 2047, 1750)
VELOCITY_LIMIT = Item(44, 4, True, 0, 2047, 445)
MAX_POSITION_LIMIT = Item(48, 4, True, 0, 4095, 4095)
MIN_POSITION_LIMIT = Item(52, 4, True, 0, 4095)
SHUTDOWN = Item(63, 1, True, 0, 255, 53)
TORQUE_ENABLE = Item(64, 1, True, 0, 1)
LED = Item(65, 1, True, 0, 1)
STATUS_RETURN_LEVEL = Item(68, 1, True, 0, 2, 2)
REGISTERED_INSTRUCTION = Item(69, 1)
HARDWARE_ERROR_STATUS = Item(70, 1)
VELOCITY_I_GAIN = Item(76, 2, True, 0, 16_383, 1600)
VELOCITY_P_GAIN = Item(78, 2, True, 0, 16_383, 180)
POSITION_D_GAIN = Item(80, 2, True, 0, 16_383)
POSITION_I_GAIN = Item(82, 2, True, 0, 16_383)
POSITION_P_GAIN = Item(84, 2, True, 0, 16_383, 400)
FEEDFORWARD_2ND_GAIN = Item(88, 2, True, 0, 16_383)
FEEDFORWARD_1ST_GAIN = Item(90, 2, True, 0, 16_383)
BUS_WATCHDOG = Item(98, 1, True, 0, 127)
"""Units of 20 ms; 0 is off and ends a trip."""
GOAL_PWM = Item(100, 2, True, -885, 885, 885)
"""Bounds the voltage in the position modes; PWM Limit at power-up."""
GOAL_CURRENT = Item(102, 2, True, -2047, 2047)
GOAL_VELOCITY = Item(104, 4, True, -2047, 2047)
PROFILE_ACCELERATION = Item(108, 4, True, 0, 32_767)
PROFILE_VELOCITY = Item(112, 4, True, 0, 32_767)
GOAL_POSITION = Item(116, 4, True)
REALTIME_TICK = Item(120, 2)
MOVING = Item(122, 1)
MOVING_STATUS = Item(123, 1)
PRESENT_PWM = Item(124, 2)
PRESENT_CURRENT = Item(126, 2)
"""Present Load on models without current sensor (XL430, XC430)."""
PRESENT_VELOCITY = Item(128, 4)
PRESENT_POSITION = Item(132, 4)
VELOCITY_TRAJECTORY = Item(136, 4)
POSITION_TRAJECTORY = Item(140, 4)
PRESENT_INPUT_VOLTAGE = Item(144, 2)
PRESENT_TEMPERATURE = Item(146, 1)

ITEMS = (
    MODEL_NUMBER,
    MODEL_INFORMATION,
    FIRMWARE_VERSION,
    ID,
    BAUD_RATE,
    RETURN_DELAY_TIME,
    DRIVE_MODE,
    OPERATING_MODE,
    SHADOW_ID,
    PROTOCOL_TYPE,
    HOMING_OFFSET,
    MOVING_THRESHOLD,
    TEMPERATURE_LIMIT,
    MAX_VOLTAGE_LIMIT,
    MIN_VOLTAGE_LIMIT,
    PWM_LIMIT,
    CURRENT_LIMIT,
    VELOCITY_LIMIT,
    MAX_POSITION_LIMIT,
    MIN_POSITION_LIMIT,
    SHUTDOWN,
    TORQUE_ENABLE,
    LED,
    STATUS_RETURN_LEVEL,
    REGISTERED_INSTRUCTION,
    HARDWARE_ERROR_STATUS,
    VELOCITY_I_GAIN,
    VELOCITY_P_GAIN,
    POSITION_D_GAIN,
    POSITION_I_GAIN,
    POSITION_P_GAIN,
    FEEDFORWARD_2ND_GAIN,
    FEEDFORWARD_1ST_GAIN,
    BUS_WATCHDOG,
    GOAL_PWM,
    GOAL_CURRENT,
    GOAL_VELOCITY,
    PROFILE_ACCELERATION,
    PROFILE_VELOCITY,
    GOAL_POSITION,
    REALTIME_TICK,
    MOVING,
    MOVING_STATUS,
    PRESENT_PWM,
    PRESENT_CURRENT,
    PRESENT_VELOCITY,
    PRESENT_POSITION,
    VELOCITY_TRAJECTORY,
    POSITION_TRAJECTORY,
    PRESENT_INPUT_VOLTAGE,
    PRESENT_TEMPERATURE,
)

HARDWARE_ERRORS = {
    0x01: "input voltage out of range",
    0x04: "overheating",
    0x08: "motor encoder fault",
    0x10: "electrical shock or too little power",
    0x20: "overload",
}
"""Bits of Hardware Error Status (70)."""


class OperatingMode(IntEnum):
    """Content of Operating Mode (11)."""

    CURRENT = 0
    VELOCITY = 1
    POSITION = 3
    EXTENDED_POSITION = 4
    CURRENT_BASED_POSITION = 5
    PWM = 16


CURRENT_MODES = frozenset({OperatingMode.CURRENT, OperatingMode.CURRENT_BASED_POSITION})
REVERSE = 0x01
"""Bit of Drive Mode (10)."""
WATCHDOG_UNIT_S = 0.02
WATCHDOG_TRIPPED = 255
"""Content of Bus Watchdog (98) after it stopped the servo: -1."""
PWM_UNITS = 885
"""Full voltage."""


@dataclass(frozen=True)
class Model:
    """One model of servo.

    Attributes:
        name: as printed on the servo, without the connector letter.
        number: content of Model Number (0).
        current_unit_a: A per unit of the current registers; None without current sensor, which
            also means no Current Limit, no Goal Current and none of the `CURRENT_MODES`.
        current_max_units: highest Current Limit.
        nm_per_a: stall torque by stall current of the specifications, Nm/A; None as above.
    """

    name: str
    number: int
    current_unit_a: float | None = None
    current_max_units: int = 0
    nm_per_a: float | None = None

    @property
    def measures_current(self) -> bool:
        """Whether the servo measures and limits current."""
        return self.current_unit_a is not None

    def supports(self, mode: OperatingMode) -> bool:
        """Whether the servo has an operating mode."""
        return self.measures_current or mode not in CURRENT_MODES


_XL330_UNIT_A = 1.0e-3
_XM_UNIT_A = 2.69e-3

MODELS = {
    model.name: model
    for model in (
        Model("XL330-M077", 1190, _XL330_UNIT_A, 1750, 0.215 / 1.47),
        Model("XL330-M288", 1200, _XL330_UNIT_A, 1750, 0.52 / 1.47),
        Model("XL430-W250", 1060),
        Model("XC430-W150", 1070),
        Model("XC430-W240", 1080),
        Model("XM430-W210", 1030, _XM_UNIT_A, 1193, 3.0 / 2.3),
        Model("XM430-W350", 1020, _XM_UNIT_A, 1193, 4.1 / 2.3),
        Model("XM540-W150", 1130, _XM_UNIT_A, 2047, 7.3 / 4.4),
        Model("XM540-W270", 1120, _XM_UNIT_A, 2047, 10.6 / 4.4),
    )
}


def model_by_name(name: str) -> Model:
    """The model of a rig file's servo.

    Raises:
        ConfigError: the model is not known; the message lists the nearest.
    """
    if name in MODELS:
        return MODELS[name]
    near = difflib.get_close_matches(name.upper(), MODELS, n=3, cutoff=0.5) or sorted(MODELS)
    raise ConfigError(f"servo model {name!r} is not known; did you mean {' or '.join(near)}?")


def model_name(number: int) -> str:
    """Name of a model number, for messages."""
    for model in MODELS.values():
        if model.number == number:
            return model.name
    return f"model number {number}"


def current_units(model: Model, current_a: float) -> int:
    """Register units of a current, bounded by what the model can do.

    Raises:
        ConfigError: the model has no current sensor.
    """
    if model.current_unit_a is None:
        raise ConfigError(f"{model.name} has no current sensor; it can take no current in A")
    units = round(current_a / model.current_unit_a)
    return max(-model.current_max_units, min(model.current_max_units, units))


def hardware_error_text(status: int) -> str:
    """The set bits of Hardware Error Status (70) in words."""
    texts = [text for bit, text in HARDWARE_ERRORS.items() if status & bit]
    return ", ".join(texts) or "no cause given"
