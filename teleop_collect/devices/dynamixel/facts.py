"""What a servo says about itself when the arm connects."""

from dataclasses import dataclass

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.models import Item
from teleop_collect.devices.dynamixel.port import BusPort

SETTINGS_BYTES = models.SHUTDOWN.end
"""Read from address 0 in one exchange, whose length no other answer has (see `late_replies`)."""
HEALTH_START = models.TORQUE_ENABLE.address
HEALTH_BYTES = models.PRESENT_TEMPERATURE.end - HEALTH_START

DECIVOLTS = 10.0
"""Voltages are kept in units of 0.1 V."""


@dataclass(frozen=True)
class ServoHealth:
    """What can change while an arm runs.

    Attributes:
        torque: whether torque is on.
        hardware_error: bits of Hardware Error Status (70).
        watchdog: content of Bus Watchdog (98), units of 20 ms; 255 after a trip.
        voltage_v: supply.
        temperature_c: of the motor.
    """

    torque: bool
    hardware_error: int
    watchdog: int
    voltage_v: float
    temperature_c: int


@dataclass(frozen=True)
class ServoFacts:
    """Settings of one servo that bear on its readings and movements.

    Attributes:
        model_number: what it is.
        firmware: firmware version.
        return_delay_s: pause before each answer.
        drive_mode: bit 0 is reverse rotation.
        operating_mode: 3 is position control.
        homing_offset_ticks: added to Present Position.
        pwm_limit_units: highest Goal PWM.
        current_limit_units: highest Goal Current; 0 without current sensor.
        min_position_ticks: lowest Goal Position in position control.
        max_position_ticks: highest Goal Position in position control.
        min_voltage_v: lowest supply that it accepts.
        max_voltage_v: highest.
        max_temperature_c: temperature at which it switches torque off.
        health: what can change.
    """

    model_number: int
    firmware: int
    return_delay_s: float
    drive_mode: int
    operating_mode: int
    homing_offset_ticks: int
    pwm_limit_units: int
    current_limit_units: int
    min_position_ticks: int
    max_position_ticks: int
    min_voltage_v: float
    max_voltage_v: float
    max_temperature_c: int
    health: ServoHealth

    @property
    def hardware_error(self) -> int:
        """Bits of Hardware Error Status (70)."""
        return self.health.hardware_error


def read_facts(port: BusPort, servo_id: int) -> ServoFacts:
    """Read a servo's settings.

    Raises:
        DeviceTimeout: it does not answer.
        DeviceError: it refuses.
        DeviceDisconnected: the port is gone.
    """
    settings = port.read(servo_id, 0, SETTINGS_BYTES).data

    def value(item: Item) -> int:
        return item.unpack(settings[item.address : item.end])

    return ServoFacts(
        model_number=value(models.MODEL_NUMBER),
        firmware=value(models.FIRMWARE_VERSION),
        return_delay_s=value(models.RETURN_DELAY_TIME) * models.RETURN_DELAY_UNIT_S,
        drive_mode=value(models.DRIVE_MODE),
        operating_mode=value(models.OPERATING_MODE),
        homing_offset_ticks=value(models.HOMING_OFFSET),
        pwm_limit_units=value(models.PWM_LIMIT),
        current_limit_units=value(models.CURRENT_LIMIT),
        min_position_ticks=value(models.MIN_POSITION_LIMIT),
        max_position_ticks=value(models.MAX_POSITION_LIMIT),
        min_voltage_v=value(models.MIN_VOLTAGE_LIMIT) / DECIVOLTS,
        max_voltage_v=value(models.MAX_VOLTAGE_LIMIT) / DECIVOLTS,
        max_temperature_c=value(models.TEMPERATURE_LIMIT),
        health=read_health(port, servo_id),
    )


def read_health(port: BusPort, servo_id: int) -> ServoHealth:
    """Read what can change, in one exchange.

    Raises:
        DeviceTimeout: it does not answer.
        DeviceError: it refuses.
        DeviceDisconnected: the port is gone.
    """
    data = port.read(servo_id, HEALTH_START, HEALTH_BYTES).data

    def value(item: Item) -> int:
        return item.unpack(data[item.address - HEALTH_START : item.end - HEALTH_START])

    return ServoHealth(
        torque=bool(value(models.TORQUE_ENABLE)),
        hardware_error=value(models.HARDWARE_ERROR_STATUS),
        watchdog=value(models.BUS_WATCHDOG),
        voltage_v=value(models.PRESENT_INPUT_VOLTAGE) / DECIVOLTS,
        temperature_c=value(models.PRESENT_TEMPERATURE),
    )
