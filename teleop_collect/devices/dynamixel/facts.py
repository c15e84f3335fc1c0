"""What a servo says about itself when the arm connects."""

from dataclasses import dataclass

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.port import BusPort


@dataclass(frozen=True)
class ServoFacts:
    """Settings of one servo that bear on its readings.

    Attributes:
        model_number: from the ping.
        firmware: firmware version.
        return_delay_s: pause before each answer.
        drive_mode: bit 0 is reverse rotation.
        operating_mode: 3 is position control.
        homing_offset_ticks: added to Present Position.
        hardware_error: bits of Hardware Error Status (70).
    """

    model_number: int
    firmware: int
    return_delay_s: float
    drive_mode: int
    operating_mode: int
    homing_offset_ticks: int
    hardware_error: int


def read_facts(port: BusPort, servo_id: int) -> ServoFacts:
    """Ping a servo and read its settings.

    Raises:
        DeviceTimeout: it does not answer.
        DeviceError: it refuses.
        DeviceDisconnected: the port is gone.
    """
    number = port.ping(servo_id)
    start = models.FIRMWARE_VERSION.address
    settings = port.read(servo_id, start, models.OPERATING_MODE.end - start).data
    homing = port.read(servo_id, models.HOMING_OFFSET.address, models.HOMING_OFFSET.size).data
    error = port.read(servo_id, models.HARDWARE_ERROR_STATUS.address, 1).data
    return ServoFacts(
        model_number=number,
        firmware=settings[0],
        return_delay_s=settings[models.RETURN_DELAY_TIME.address - start]
        * models.RETURN_DELAY_UNIT_S,
        drive_mode=settings[models.DRIVE_MODE.address - start],
        operating_mode=settings[models.OPERATING_MODE.address - start],
        homing_offset_ticks=int.from_bytes(homing, "little", signed=True),
        hardware_error=error[0],
    )
