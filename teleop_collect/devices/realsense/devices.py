"""What a camera is to the driver before it runs, and how one is chosen by serial number."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from teleop_collect.devices.realsense.frame_source import FrameSource
from teleop_collect.devices.realsense.streams import StreamProfiles, StreamRequest
from teleop_collect.errors import DeviceDisconnected

UNKNOWN = "unknown"


@dataclass(frozen=True)
class CameraFacts:
    """What a camera says of itself; `unknown` where it does not.

    Attributes:
        usb: speed of the connection as USB version: `2.1`, `3.2`.
    """

    serial: str
    name: str
    firmware: str
    usb: str

    @classmethod
    def of(cls, rs: ModuleType, device: Any) -> "CameraFacts":
        """Read them from an SDK device."""

        def info(key: Any) -> str:
            return str(device.get_info(key)) if device.supports(key) else UNKNOWN

        keys = rs.camera_info
        return cls(
            info(keys.serial_number),
            info(keys.name),
            info(keys.firmware_version),
            info(keys.usb_type_descriptor),
        )

    def __str__(self) -> str:
        return f"{self.serial} ({self.name}, USB {self.usb})"


class FoundCamera(Protocol):
    """A camera that was there when it was looked for."""

    @property
    def facts(self) -> CameraFacts:
        """What it says of itself."""
        ...

    @property
    def takes_options(self) -> bool:
        """Whether exposure and the like can be set; not in a recording."""
        ...

    def sensors(self) -> Sequence[Any]:
        """The SDK's sensors."""
        ...

    def open(self, request: StreamRequest, profiles: StreamProfiles) -> FrameSource:
        """Start its streams."""
        ...

    def absence(self) -> str | None:
        """Why no frame will come any more; None while the camera is there."""
        ...


class CameraFinder(Protocol):
    """Looks for cameras."""

    def find(self) -> Sequence[FoundCamera]:
        """All cameras there now; never waits for one."""
        ...

    def remedy(self) -> str:
        """What a person can do about a camera that is not found."""
        ...


def select(finder: CameraFinder, serial: str) -> FoundCamera:
    """The camera with a serial number.

    Raises:
        DeviceDisconnected: it is not there; the message names those that are.
    """
    found = finder.find()
    for camera in found:
        if camera.facts.serial == serial:
            return camera
    there = "; ".join(str(camera.facts) for camera in found)
    raise DeviceDisconnected(
        f"no RealSense camera with serial {serial}; "
        f"{f'found {there}' if there else 'none is connected'}. {finder.remedy()}"
    )
