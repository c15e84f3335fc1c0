"""One emulated servo: its control table, torque, bus watchdog and hardware errors."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from teleop_collect.devices.bus_emulator.motor import FULL_SPEED, Drive, Motor
from teleop_collect.devices.bus_emulator.protocol import ALERT, ErrorNumber
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.models import (
    CURRENT_MODES,
    PWM_UNITS,
    WATCHDOG_TRIPPED,
    Item,
    Model,
    OperatingMode,
)

TABLE_BYTES = 662
FIRMWARE = 52
FAST_READ_FIRMWARE = 45
"""Older firmware does not know Fast Sync Read; a driver does better to try."""
SUPPLY_DV = 50
"""Units of 0.1 V."""
TEMPERATURE_C = 30
LOAD_UNITS = 1000
"""Full Present Load of models without current sensor."""
TICKS_S_PER_VELOCITY_UNIT = 0.229 / 60 * models.TICKS_PER_REVOLUTION
_TICK = struct.Struct("<H")
_PRESENT = struct.Struct("<hii")
_PRESENT_START = models.PRESENT_CURRENT.address
_MOVING = models.MOVING.address
_TORQUE = models.TORQUE_ENABLE.address
_WRITABLE = {item.address: item for item in models.ITEMS if item.writable}
_CURRENT_ITEMS = (models.CURRENT_LIMIT, models.GOAL_CURRENT)
_CURRENT_ADDRESSES = frozenset(item.address for item in _CURRENT_ITEMS)
_GOALS = (models.GOAL_PWM, models.GOAL_CURRENT, models.GOAL_VELOCITY, models.GOAL_POSITION)
_GOAL_ADDRESSES = frozenset(item.address for item in _GOALS)
_POSITION_MODES = (
    OperatingMode.POSITION,
    OperatingMode.EXTENDED_POSITION,
    OperatingMode.CURRENT_BASED_POSITION,
)
_MODE = models.OPERATING_MODE.address
_WATCHDOG = models.BUS_WATCHDOG.address
_WATCHDOG_UNIT_NS = round(models.WATCHDOG_UNIT_S * 1e9)
_MEASURED_START = models.REALTIME_TICK.address
_MEASURED_END = models.PRESENT_POSITION.end


@dataclass(frozen=True)
class ShaftState:
    """Where a hand holds the output shaft: ticks, and velocity units of 0.229 rev/min."""

    ticks: float
    velocity_units: float


Shaft = Callable[[int], ShaftState]
"""State of the shaft at a monotonic time, ns."""


class EmulatedServo:
    """Answers reads and writes as the manual says.

    With torque off, and in current control, the shaft follows the hand; without a hand it stays
    (or falls, see `fall_ticks_s`). In the position modes the motor drives it to Goal Position,
    within Goal PWM, Profile Velocity and, in current-based position control, Goal Current. Goal
    Position keeps its content when torque is switched on: what is harmless here is so everywhere.
    Velocity and PWM control are not emulated.

    Args:
        servo_id: initial id.
        model: what it is.
        shaft: the hand, or the ticks at which a shaft without a hand stands at first.
        return_delay: Return Delay Time, units of 2 us.
        torque: whether torque is on at first.
        firmware: firmware version.
    """

    def __init__(
        self,
        servo_id: int,
        model: Model,
        shaft: Shaft | float,
        *,
        return_delay: int = 0,
        torque: bool = False,
        firmware: int = FIRMWARE,
    ) -> None:
        self.model = model
        self.silent = False
        self.offline_until_ns = 0
        self._fall_ticks_s = 0.0
        self.motor = Motor(shaft(0).ticks if callable(shaft) else shaft)
        self._shaft = shaft if callable(shaft) else None
        self._heard_ns: int | None = None
        self._stopped_at: float | None = None
        self._asked: Drive | None = None
        self._table = bytearray(TABLE_BYTES)
        for item in models.ITEMS:
            self.store(item, item.initial)
        self.store(models.MODEL_NUMBER, model.number)
        self.store(models.FIRMWARE_VERSION, firmware)
        self.store(models.ID, servo_id)
        self.store(models.RETURN_DELAY_TIME, return_delay)
        self.store(models.PRESENT_INPUT_VOLTAGE, SUPPLY_DV)
        self.store(models.PRESENT_TEMPERATURE, TEMPERATURE_C)
        for item in _CURRENT_ITEMS:
            self.store(item, model.current_max_units)
        if torque:
            self.store(models.GOAL_POSITION, round(self.motor.ticks))
            self.store(models.TORQUE_ENABLE, 1)

    @property
    def servo_id(self) -> int:
        """Id on the bus."""
        return self._table[models.ID.address]

    @property
    def firmware(self) -> int:
        """Firmware version."""
        return self._table[models.FIRMWARE_VERSION.address]

    @property
    def reads_fast(self) -> bool:
        """Whether it answers Fast Sync Read and Fast Bulk Read."""
        return self.firmware >= FAST_READ_FIRMWARE

    @property
    def return_delay_ns(self) -> int:
        """Pause before a status packet."""
        return self._table[models.RETURN_DELAY_TIME.address] * 2000

    @property
    def status_return_level(self) -> int:
        """0 answers pings only, 1 also reads, 2 everything."""
        return self._table[models.STATUS_RETURN_LEVEL.address]

    @property
    def torque(self) -> bool:
        """Whether torque is on."""
        return bool(self._table[_TORQUE])

    @property
    def alert(self) -> int:
        """The alert bit of the error field."""
        return ALERT if self._table[models.HARDWARE_ERROR_STATUS.address] else 0

    @property
    def fall_ticks_s(self) -> float:
        """Speed at which a shaft without torque and without a hand falls."""
        return self._fall_ticks_s

    @fall_ticks_s.setter
    def fall_ticks_s(self, ticks_s: float) -> None:
        self._fall_ticks_s, self._asked = ticks_s, None

    def answers(self, at_ns: int) -> bool:
        """Whether it hears and speaks at a monotonic time."""
        return not self.silent and at_ns >= self.offline_until_ns

    def hear(self, at_ns: int) -> None:
        """An instruction packet, whoever it is for, has passed by: the bus is alive."""
        self._trip(at_ns)
        self._heard_ns = at_ns

    def set_hardware_error(self, status: int) -> None:
        """Raise (or with 0 clear) hardware errors; the ones named in Shutdown (63) end torque."""
        self.store(models.HARDWARE_ERROR_STATUS, status)
        if status & self.load(models.SHUTDOWN):
            self.store(models.TORQUE_ENABLE, 0)

    def reboot(self) -> None:
        """What Reboot does to the RAM area."""
        self.set_hardware_error(0)
        self._stopped_at = None
        for item in models.ITEMS:
            if item.address >= models.RAM_START and item.writable:
                self.store(item, item.initial)
        self.store(models.GOAL_PWM, self.load(models.PWM_LIMIT))
        self.store(models.GOAL_CURRENT, self.load(models.CURRENT_LIMIT))

    def read(self, address: int, length: int, at_ns: int) -> tuple[int, bytes]:
        """Error number and registers; gaps between items read as zero."""
        end = address + length
        if end > TABLE_BYTES:
            return ErrorNumber.ACCESS, b""
        if address < _MEASURED_END and end > _MEASURED_START:
            self._measure(at_ns)
        return ErrorNumber.NONE, bytes(self._table[address:end])

    def write(self, address: int, data: bytes, at_ns: int) -> int:
        """Write whole items; nothing is written unless all of it is allowed.

        Returns:
            Error number.
        """
        self.advance(at_ns)
        values: list[tuple[Item, int]] = []
        while data:
            item = _WRITABLE.get(address)
            if item is None or (item.address < models.RAM_START and self.torque):
                return ErrorNumber.ACCESS
            if len(data) < item.size:
                return ErrorNumber.DATA_LENGTH
            value = item.unpack(data[: item.size])
            if error := self._refusal(item, value):
                return error
            values.append((item, value))
            address, data = item.end, data[item.size :]
        for item, value in values:
            self._apply(item, value)
        return ErrorNumber.NONE

    def store(self, item: Item, value: int) -> None:
        """Put a value into the table without asking whether it is allowed."""
        self._table[item.address : item.end] = item.pack(value)
        self._asked = None

    def load(self, item: Item) -> int:
        """A value of the table."""
        return item.unpack(self._table[item.address : item.end])

    def advance(self, at_ns: int) -> None:
        """Let the shaft move, and the watchdog trip, until a monotonic time."""
        self._trip(at_ns)
        self._move(at_ns)

    def _trip(self, at_ns: int) -> None:
        value = self._table[_WATCHDOG]
        if value in (0, WATCHDOG_TRIPPED) or self._heard_ns is None or not self.torque:
            return
        deadline_ns = self._heard_ns + value * _WATCHDOG_UNIT_NS
        if at_ns > deadline_ns:
            self._move(deadline_ns)
            self._stopped_at, self.motor.velocity = self.motor.ticks, 0.0
            self.store(models.BUS_WATCHDOG, WATCHDOG_TRIPPED)

    def _move(self, at_ns: int) -> None:
        if self._shaft is None or (self.torque and self._table[_MODE] != OperatingMode.CURRENT):
            self.motor.advance(at_ns, self._drive())
            return
        state = self._shaft(at_ns)
        velocity = state.velocity_units * TICKS_S_PER_VELOCITY_UNIT
        self.motor.place(state.ticks + self.load(models.HOMING_OFFSET), velocity, at_ns)

    def _drive(self) -> Drive:
        """What the registers ask for; made anew only after one of them has changed."""
        if self._asked is None:
            self._asked = self._read_drive()
        return self._asked

    def _read_drive(self) -> Drive:
        mode = self._table[_MODE]
        if not self.torque or mode not in _POSITION_MODES:
            return Drive(None, fall_ticks_s=self._fall_ticks_s)
        voltage = abs(self.load(models.GOAL_PWM)) / PWM_UNITS
        torque = voltage
        if mode == OperatingMode.CURRENT_BASED_POSITION:
            torque = min(torque, abs(self.load(models.GOAL_CURRENT)) / self.model.current_max_units)
        profile = self.load(models.PROFILE_VELOCITY) * TICKS_S_PER_VELOCITY_UNIT / FULL_SPEED
        goal = self.load(models.GOAL_POSITION) if self._stopped_at is None else self._stopped_at
        return Drive(goal, torque, min(voltage, profile or 1.0))

    def _refusal(self, item: Item, value: int) -> int:
        if item.address in _CURRENT_ADDRESSES and not self.model.measures_current:
            return ErrorNumber.ACCESS
        if (
            item.minimum is not None
            and item.maximum is not None
            and not item.minimum <= value <= item.maximum
        ):
            return ErrorNumber.DATA_RANGE
        if item.address in _GOAL_ADDRESSES and self._stopped_at is not None:
            return ErrorNumber.DATA_RANGE
        if item is models.OPERATING_MODE and not self._has_mode(value):
            return ErrorNumber.DATA_RANGE
        if item is models.TORQUE_ENABLE and value and self.alert:
            return ErrorNumber.RESULT_FAIL
        if not self._within_limits(item, value):
            return ErrorNumber.DATA_LIMIT
        return ErrorNumber.NONE

    def _has_mode(self, value: int) -> bool:
        known = value in OperatingMode.__members__.values()
        return known and (self.model.measures_current or value not in CURRENT_MODES)

    def _within_limits(self, item: Item, value: int) -> bool:
        if item is models.GOAL_CURRENT:
            return abs(value) <= self.load(models.CURRENT_LIMIT)
        if item is models.GOAL_POSITION and self._table[_MODE] == OperatingMode.POSITION:
            low, high = self.load(models.MIN_POSITION_LIMIT), self.load(models.MAX_POSITION_LIMIT)
            return low <= value <= high
        return True

    def _apply(self, item: Item, value: int) -> None:
        if item is models.HOMING_OFFSET:
            self.motor.ticks += value - self.load(item)
        if item is models.BUS_WATCHDOG:
            self._stopped_at = None
        self.store(item, value)

    def _measure(self, at_ns: int) -> None:
        self.advance(at_ns)
        motor = self.motor
        velocity = round(motor.velocity / TICKS_S_PER_VELOCITY_UNIT)
        _TICK.pack_into(self._table, _MEASURED_START, at_ns // 1_000_000 % 32_768)
        self._table[_MOVING] = int(velocity != 0)
        _PRESENT.pack_into(
            self._table, _PRESENT_START, self._current(), velocity, round(motor.ticks)
        )

    def _current(self) -> int:
        """Present Current, or Present Load where there is no current sensor."""
        if self.torque and self._table[_MODE] == OperatingMode.CURRENT:
            return self.load(models.GOAL_CURRENT) if self._stopped_at is None else 0
        full = self.model.current_max_units or LOAD_UNITS
        return round(self.motor.torque * full)
