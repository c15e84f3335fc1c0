"""Where frames come from: the SDK's pipeline, or its sensors with a syncer.

A pipeline runs cameras on USB and recordings; it cannot run a `software_device`, whose sensors are
opened one by one into a syncer instead. Both give composite frames.

Sets are formed by timestamps. Frames that do not tell their rate are paired well only when these
are large, as UTC milliseconds are: the SDK's default, "global time", is left on.
"""

from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, Protocol

from teleop_collect.devices.realsense.streams import StreamProfile, StreamProfiles, StreamRequest
from teleop_collect.errors import DeviceError

QUEUE_SETS = 16
"""Sets of frames that wait for a reader that is late: half a second at 30 Hz. A pipeline asked with
`wait_for_frames` holds one, so each stall of the reader longer than a period would cost images."""


NOT_STARTED = (
    "the camera's streams do not start (close other programs that use it, such as realsense-viewer "
    "or realsense2_camera)"
)


class FrameSource(Protocol):
    """Frames of one running camera."""

    def wait(self, timeout_s: float) -> Any | None:
        """The next set of frames; None when none comes in time. It may lack a stream."""
        ...

    def stop(self) -> None:
        """End the streams; safe when the device is gone, and safe to call twice."""
        ...


class PipelineSource:
    """Streams through `rs.pipeline`.

    Args:
        rs: the SDK.
        pipeline: a new pipeline.
        config: names the device or the file; streams are added here.
        request: streams to run.

    Raises:
        DeviceError: the pipeline does not start.
    """

    def __init__(self, rs: ModuleType, pipeline: Any, config: Any, request: StreamRequest) -> None:
        color = request.color
        # Streams left to the SDK would include some without frames, and then none arrive at all.
        config.disable_all_streams()
        config.enable_stream(
            rs.stream.color, color.width, color.height, rs.format.rgb8, round(color.fps)
        )
        if depth := request.depth:
            config.enable_stream(
                rs.stream.depth, depth.width, depth.height, rs.format.z16, round(depth.fps)
            )
        self._queue = rs.frame_queue(QUEUE_SETS, True)
        try:
            self.profile = pipeline.start(config, self._queue)
        except RuntimeError as error:
            raise DeviceError(f"{NOT_STARTED}: {error}") from error
        self._pipeline: Any | None = pipeline

    def wait(self, timeout_s: float) -> Any | None:
        if self._pipeline is None:
            return None
        came, frames = self._queue.try_wait_for_frame(max(1, round(timeout_s * 1e3)))
        return frames if came else None

    def stop(self) -> None:
        if self._pipeline is not None:
            with suppress(RuntimeError):
                self._pipeline.stop()
            self._pipeline = None


class SensorSource:
    """Streams of single sensors, put together by `rs.syncer`.

    Args:
        rs: the SDK.
        profiles: what to open.

    Raises:
        DeviceError: a sensor does not open.
    """

    def __init__(self, rs: ModuleType, profiles: StreamProfiles) -> None:
        streams = [profiles.color, *([profiles.depth] if profiles.depth else [])]
        self._syncer = rs.syncer(QUEUE_SETS)
        self._open: list[Any] = []
        try:
            for sensor, of_sensor in _by_sensor(streams):
                sensor.open(of_sensor)
                self._open.append(sensor)
                sensor.start(self._syncer)
        except RuntimeError as error:
            self.stop()
            raise DeviceError(f"{NOT_STARTED}: {error}") from error

    def wait(self, timeout_s: float) -> Any | None:
        if not self._open:
            return None
        came, frames = self._syncer.try_wait_for_frames(max(1, round(timeout_s * 1e3)))
        return frames if came else None

    def stop(self) -> None:
        for sensor in self._open:
            for end in (sensor.stop, sensor.close):
                with suppress(RuntimeError):
                    end()
        self._open = []


def _by_sensor(streams: Sequence[StreamProfile]) -> list[tuple[Any, list[Any]]]:
    """Profiles grouped by sensor: a sensor is opened once, with all of its streams."""
    groups: dict[str, tuple[Any, list[Any]]] = {}
    for stream in streams:
        group = groups.setdefault(stream.sensor.name, (stream.sensor, []))
        group[1].append(stream.profile)
    return list(groups.values())
