"""A camera played from a librealsense recording (`.db3`) through the SDK's pipeline."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from teleop_collect.devices.realsense.devices import CameraFacts
from teleop_collect.devices.realsense.frame_source import FrameSource, PipelineSource
from teleop_collect.devices.realsense.streams import StreamProfiles, StreamRequest
from teleop_collect.errors import UnreadableError

CONVERSION = (
    "; librealsense used to record .bag files, which it converts once: "
    'python -c "import pyrealsense2 as rs; '
    "rs.context().convert_bag_to_db3('{0}', '{0}.db3')\""
)


class RecordedCamera:
    """The one camera of a recording; also the finder that finds it.

    It plays once, at the pace at which it was recorded. Options stay as they were.

    Args:
        rs: the SDK.
        path: the recording.
        serial: what the rig file calls it; the serial of the recorded camera when empty.

    Raises:
        UnreadableError: the file cannot be read as a librealsense recording.
    """

    takes_options = False

    def __init__(self, rs: ModuleType, path: Path, serial: str = "") -> None:
        self._rs, self._path = rs, path
        self._context = rs.context()
        self._playback: Any = None
        if not path.is_file():
            raise UnreadableError(f"no RealSense recording at {path}")
        try:
            self._device = self._context.load_device(str(path))
        except RuntimeError as error:
            hint = CONVERSION.format(path) if path.suffix == ".bag" else ""
            raise UnreadableError(
                f"{path} is no readable RealSense recording: {error}{hint}"
            ) from error
        facts = CameraFacts.of(rs, self._device)
        self.facts = replace(facts, serial=serial) if serial else facts

    def find(self) -> Sequence["RecordedCamera"]:
        return () if self.absence() else (self,)

    def remedy(self) -> str:
        if reason := self.absence():
            return f"It was played from a file: {reason}"
        return f"Put the serial of the camera in {self._path} into the rig file"

    def sensors(self) -> Sequence[Any]:
        return list(self._device.query_sensors())

    def open(self, request: StreamRequest, profiles: StreamProfiles) -> FrameSource:
        config = self._rs.config()
        config.enable_device_from_file(str(self._path), repeat_playback=False)
        source = PipelineSource(self._rs, self._rs.pipeline(), config, request)
        self._playback = source.profile.get_device().as_playback()
        return source

    def absence(self) -> str | None:
        if self._playback is None:
            return None
        ended = self._playback.current_status() == self._rs.playback_status.stopped
        return f"the recording {self._path} has ended" if ended else None
