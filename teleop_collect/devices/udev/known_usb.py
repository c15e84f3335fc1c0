"""The USB devices that this package drives, by vendor and product number."""

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase


class UsbKind(Enum):
    """What a USB device is to this package."""

    SERVO_ADAPTER = "servo_adapter"
    SPACEMOUSE = "spacemouse"
    REALSENSE = "realsense"


@dataclass(frozen=True)
class UsbModel:
    """A family of USB devices.

    Attributes:
        kind: what it is for.
        label: its name for people.
        vendor: USB vendor number, four hex digits.
        product: pattern of the product number as udev writes patterns, alternatives parted by `|`.
        has_latency_timer: an FTDI chip, which holds received bytes back for up to 16 ms unless its
            latency timer is set (DynamixelSDK issues 80, 288).
        general: the numbers mean this device alone, so that a rule without a serial is safe.
    """

    kind: UsbKind
    label: str
    vendor: str
    product: str
    has_latency_timer: bool = False
    general: bool = True

    def matches(self, vendor: str, product: str) -> bool:
        """Whether a device with these numbers is of this family."""
        patterns = self.product.split("|")
        return vendor == self.vendor and any(fnmatchcase(product, each) for each in patterns)


MODELS = (
    UsbModel(UsbKind.SERVO_ADAPTER, "U2D2", "0403", "6014", has_latency_timer=True),
    UsbModel(UsbKind.SERVO_ADAPTER, "ROBOTIS board", "2f5d", "*"),
    UsbModel(UsbKind.SERVO_ADAPTER, "CH343 serial adapter", "1a86", "55d3", general=False),
    UsbModel(UsbKind.SPACEMOUSE, "3Dconnexion", "256f", "*"),
    UsbModel(UsbKind.SPACEMOUSE, "3Dconnexion (Logitech)", "046d", "c62?"),
    UsbModel(UsbKind.REALSENSE, "RealSense", "8086", "0ad[1-6]|0af6|0afe|0aff|0b??"),
)
"""Numbers: FT232H of the U2D2 and ROBOTIS's own (OpenRB-150) as their descriptors say; the CH343
of the Waveshare board that many Koch arms use; D400 family as in librealsense's ds-private.h."""


def model_of(vendor: str, product: str) -> UsbModel | None:
    """The family of a device; None when this package does not drive it."""
    return next((model for model in MODELS if model.matches(vendor, product)), None)
