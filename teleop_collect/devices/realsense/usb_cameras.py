"""Cameras on USB, found and watched by the SDK."""

import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from teleop_collect.devices.realsense.devices import CameraFacts
from teleop_collect.devices.realsense.frame_source import FrameSource, PipelineSource
from teleop_collect.devices.realsense.streams import StreamProfiles, StreamRequest
from teleop_collect.devices.realsense.usb_access import locked_cameras
from teleop_collect.errors import DeviceDisconnected, DeviceError


def locked_remedy() -> str:
    """What to do about cameras that this user may not open; empty when there are none."""
    locked = locked_cameras()
    if not locked:
        return ""
    return (
        f"This user may not open {', '.join(locked)}: run `teleop-collect udev install`, "
        "then plug the camera in again"
    )


class UsbCameras:
    """Finds cameras on USB and notes when one of them goes.

    Args:
        rs: the SDK.
        context: the SDK's context; a new one when None.
    """

    def __init__(self, rs: ModuleType, context: Any = None) -> None:
        self._rs = rs
        self._context = context or rs.context()
        self._lock = threading.Lock()
        self._found: list[UsbCamera] = []
        self._mute = ""
        self._context.set_devices_changed_callback(self._on_change)

    def find(self) -> Sequence["UsbCamera"]:
        """All cameras there now. Starting a pipeline without one would block for 15 s.

        One that cannot be asked who it is (locked, or just unplugged) is left to `remedy`.
        """
        devices = self._context.query_devices()
        found, self._mute = [], ""
        for index in range(len(devices)):
            try:
                found.append(UsbCamera(self._rs, self._context, devices[index], len(devices)))
            except RuntimeError as error:
                self._mute = str(error)
        with self._lock:
            self._found = found
        return found

    def remedy(self) -> str:
        if locked := locked_remedy():
            return locked
        if self._mute:
            return (
                f"A camera is there that does not say who it is ({self._mute}): unplug it, plug it "
                "in again, and close other programs that use it"
            )
        return (
            "Plug it into a USB 3 port, or put the serial of a camera that is there into the rig "
            "file; `rs-enumerate-devices -s` lists them"
        )

    def _on_change(self, information: Any) -> None:
        with self._lock:
            for camera in self._found:
                if information.was_removed(camera.device):
                    camera.is_removed = True


class UsbCamera:
    """One camera on USB.

    Args:
        rs: the SDK.
        context: the SDK's context that found it.
        device: the SDK's device.
        cameras: how many cameras there were then.

    Attributes:
        device: the SDK's device.
        is_removed: set once it has been unplugged; a camera plugged in again is found anew.
    """

    takes_options = True

    def __init__(self, rs: ModuleType, context: Any, device: Any, cameras: int) -> None:
        self._rs, self._context, self._cameras = rs, context, cameras
        self.device = device
        self.is_removed = False
        self.facts = CameraFacts.of(rs, device)

    def sensors(self) -> Sequence[Any]:
        return list(self.device.query_sensors())

    def open(self, request: StreamRequest, profiles: StreamProfiles) -> FrameSource:
        config = self._rs.config()
        config.enable_device(self.facts.serial)
        pipeline = self._rs.pipeline(self._context)
        try:
            return PipelineSource(self._rs, pipeline, config, request)
        except DeviceError as error:
            if locked := locked_remedy():
                raise DeviceDisconnected(f"{error}. {locked}") from error
            raise

    def absence(self) -> str | None:
        """Why a silent camera will not speak again.

        The SDK may tell of a removal only seconds later, so a silent camera is also taken for gone
        when fewer cameras are there than when it was found.
        """
        fewer = len(self._context.query_devices()) < self._cameras
        return "it was unplugged" if self.is_removed or fewer else None
