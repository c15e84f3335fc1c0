"""One emulated servo: its control table, torque and hardware errors."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from teleop_collect.devices.bus_emulator.protocol import ALERT, ErrorNumber
from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.models import Item, Model

TABLE_BYTES = 662
FIRMWARE = 52
SUPPLY_DV = 50
"""Units of 0.1 V."""
TEMPERATURE_C = 30
_PRESENT = struct.Struct("<hii")
_WRITABLE = {item.address: item for item in models.ITEMS if item.writable}
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

    With torque off the shaft follows the hand. With torque on it stays where it was, or where Goal
    Position sends it at once: motor dynamics are not emulated.

    Args:
        servo_id: initial id.
        model: what it is.
        shaft: the hand.
        return_delay: Return Delay Time, units of 2 us.
        torque: whether torque is on at first.
    """

    def __init__(
        self,
        servo_id: int,
        model: Model,
        shaft: Shaft,
        *,
        return_delay: int = 0,
        torque: bool = False,
    ) -> None:
        self.model = model
        self.silent = False
        self._shaft = shaft
        self._held_ticks: int | None = None
        self._table = bytearray(TABLE_BYTES)
        for item in models.ITEMS:
            self._store(item, item.initial)
        self._store(models.MODEL_NUMBER, model.number)
        self._store(models.FIRMWARE_VERSION, FIRMWARE)
        self._store(models.ID, servo_id)
        self._store(models.RETURN_DELAY_TIME, return_delay)
        self._store(models.PRESENT_INPUT_VOLTAGE, SUPPLY_DV)
        self._store(models.PRESENT_TEMPERATURE, TEMPERATURE_C)
        if torque:
            self._store(models.TORQUE_ENABLE, 1)
            self._held_ticks = self._hand_ticks(0)

    @property
    def servo_id(self) -> int:
        """Id on the bus."""
        return self._table[models.ID.address]

    @property
    def firmware(self) -> int:
        """Firmware version."""
        return self._table[models.FIRMWARE_VERSION.address]

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
        return bool(self._table[models.TORQUE_ENABLE.address])

    @property
    def alert(self) -> int:
        """The alert bit of the error field."""
        return ALERT if self._table[models.HARDWARE_ERROR_STATUS.address] else 0

    def set_hardware_error(self, status: int) -> None:
        """Raise (or with 0 clear) hardware errors; the ones named in Shutdown (63) end torque."""
        self._store(models.HARDWARE_ERROR_STATUS, status)
        if status & self._load(models.SHUTDOWN):
            self._set_torque(False, 0)

    def reboot(self) -> None:
        """What Reboot does to the RAM area."""
        self.set_hardware_error(0)
        self._set_torque(False, 0)
        for item in models.ITEMS:
            if item.address >= models.RAM_START and item.writable:
                self._store(item, item.initial)

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
        values: list[tuple[Item, int]] = []
        while data:
            item = _WRITABLE.get(address)
            if item is None or (item.address < models.RAM_START and self.torque):
                return ErrorNumber.ACCESS
            if len(data) < item.size:
                return ErrorNumber.DATA_LENGTH
            signed = item.minimum is None or item.minimum < 0
            value = int.from_bytes(data[: item.size], "little", signed=signed)
            if error := self._refusal(item, value):
                return error
            values.append((item, value))
            address, data = item.end, data[item.size :]
        for item, value in values:
            self._apply(item, value, at_ns)
        return ErrorNumber.NONE

    def _refusal(self, item: Item, value: int) -> int:
        if (
            item.minimum is not None
            and item.maximum is not None
            and not item.minimum <= value <= item.maximum
        ):
            return ErrorNumber.DATA_RANGE
        if item is models.TORQUE_ENABLE and value and self.alert:
            return ErrorNumber.RESULT_FAIL
        if item is models.GOAL_POSITION and not self._within_position_limits(value):
            return ErrorNumber.DATA_LIMIT
        return ErrorNumber.NONE

    def _within_position_limits(self, ticks: int) -> bool:
        position_control = self._load(models.OPERATING_MODE) == 3
        low, high = self._load(models.MIN_POSITION_LIMIT), self._load(models.MAX_POSITION_LIMIT)
        return not position_control or low <= ticks <= high

    def _apply(self, item: Item, value: int, at_ns: int) -> None:
        if item is models.TORQUE_ENABLE:
            self._set_torque(bool(value), at_ns)
            return
        self._store(item, value)
        if item is models.GOAL_POSITION and self.torque:
            self._held_ticks = value

    def _set_torque(self, on: bool, at_ns: int) -> None:
        if on and not self.torque:
            self._held_ticks = self._hand_ticks(at_ns)
        self._store(models.TORQUE_ENABLE, int(on))
        if not on:
            self._held_ticks = None

    def _hand_ticks(self, at_ns: int) -> int:
        return round(self._shaft(at_ns).ticks) + self._load(models.HOMING_OFFSET)

    def _measure(self, at_ns: int) -> None:
        struct.pack_into("<H", self._table, _MEASURED_START, at_ns // 1_000_000 % 32_768)
        if self._held_ticks is not None:
            velocity, ticks = 0, self._held_ticks
        else:
            state = self._shaft(at_ns)
            velocity = round(state.velocity_units)
            ticks = round(state.ticks) + self._load(models.HOMING_OFFSET)
        self._table[models.MOVING.address] = int(velocity != 0)
        _PRESENT.pack_into(self._table, models.PRESENT_CURRENT.address, 0, velocity, ticks)

    def _store(self, item: Item, value: int) -> None:
        masked = value & (1 << 8 * item.size) - 1
        self._table[item.address : item.end] = masked.to_bytes(item.size, "little")

    def _load(self, item: Item) -> int:
        return int.from_bytes(self._table[item.address : item.end], "little", signed=item.size == 4)
