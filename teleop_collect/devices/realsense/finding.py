"""Where to look for a camera, by the scheme of its serial in the rig file."""

from pathlib import Path
from types import ModuleType

from teleop_collect.clock import Clock
from teleop_collect.devices.realsense.devices import CameraFinder
from teleop_collect.devices.realsense.streams import StreamRequest, VideoMode
from teleop_collect.devices.realsense.usb_cameras import UsbCameras
from teleop_collect.rig.camera_config import RealSenseCamera as RealSenseConfig

SIM_SCHEME = "sim://"
FILE_SCHEME = "file://"


def finder_for(rs: ModuleType, config: RealSenseConfig, clock: Clock) -> CameraFinder:
    """Looks on USB, unless the serial names something else.

    `sim://NAME` is an emulated camera in this process, with the modes that the rig file asks for;
    `file:///PATH.db3` is a librealsense recording, played once.

    Args:
        rs: the SDK.
        config: the camera's section of the rig file.
        clock: drives an emulated camera.

    Raises:
        UnreadableError: the recording cannot be read.
    """
    if config.serial.startswith(FILE_SCHEME):
        from teleop_collect.devices.realsense.recorded_camera import RecordedCamera

        return RecordedCamera(rs, Path(config.serial.removeprefix(FILE_SCHEME)), config.serial)
    if config.serial.startswith(SIM_SCHEME):
        return _emulated(config, clock)
    return UsbCameras(rs)


def _emulated(config: RealSenseConfig, clock: Clock) -> CameraFinder:
    from teleop_collect.devices.realsense.software_camera import (
        SoftwareCamera,
        SoftwareCameras,
        SoftwareCameraSettings,
    )

    request = StreamRequest.of(config)
    color = request.color
    depth = request.depth or VideoMode(color.width, color.height, color.fps)
    settings = SoftwareCameraSettings(config.serial, (color,), (depth,))
    return SoftwareCameras([SoftwareCamera(settings, clock).start()])
