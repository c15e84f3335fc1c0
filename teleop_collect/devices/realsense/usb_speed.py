"""Whether a camera's USB connection is as fast as the rig file asks."""

from teleop_collect.devices.realsense.devices import UNKNOWN, CameraFacts
from teleop_collect.errors import DeviceError


def check_usb_speed(facts: CameraFacts, usb_min: str) -> None:
    """Refuse a connection slower than `usb_min`. One that the SDK does not tell passes.

    Raises:
        DeviceError: too slow.
    """
    if facts.usb == UNKNOWN or _version(facts.usb) >= _version(usb_min):
        return
    raise DeviceError(
        f"camera {facts} is connected at USB {facts.usb} and the rig file asks for {usb_min} or "
        "faster; use a USB 3 port and cable, plugged in fully, without a hub between, or lower "
        "usb_min of the camera"
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
