"""Which streams to run, as the rig file asks, and the devices' profiles that provide them."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from teleop_collect.errors import ConfigError
from teleop_collect.rig.camera_config import RealSenseCamera


@dataclass(frozen=True)
class VideoMode:
    """Size in px and rate in Hz of one stream."""

    width: int
    height: int
    fps: float

    def __str__(self) -> str:
        return f"{self.width} x {self.height} at {self.fps:g} Hz"


@dataclass(frozen=True)
class StreamRequest:
    """Colour as rgb8 and, unless None, depth as z16."""

    color: VideoMode
    depth: VideoMode | None

    @classmethod
    def of(cls, config: RealSenseCamera) -> "StreamRequest":
        """What a camera's section of the rig file asks for."""
        color = VideoMode(config.width, config.height, config.fps)
        depth = VideoMode(
            config.depth_width or config.width,
            config.depth_height or config.height,
            config.depth_fps or config.fps,
        )
        return cls(color, depth if config.depth else None)


@dataclass(frozen=True)
class StreamProfile:
    """One stream of one sensor, ready to open.

    Attributes:
        sensor: the SDK's sensor.
        profile: the SDK's video stream profile.
    """

    sensor: Any
    profile: Any


@dataclass(frozen=True)
class StreamProfiles:
    """What a request comes to on one device."""

    color: StreamProfile
    depth: StreamProfile | None


def find_profiles(
    rs: ModuleType, serial: str, sensors: Sequence[Any], request: StreamRequest
) -> StreamProfiles:
    """The profiles of a device that provide a request.

    Raises:
        ConfigError: the device lacks one; the message lists what it has.
    """
    color = _find(serial, sensors, rs.stream.color, rs.format.rgb8, request.color)
    if request.depth is None:
        return StreamProfiles(color, None)
    depth = _find(serial, sensors, rs.stream.depth, rs.format.z16, request.depth)
    return StreamProfiles(color, depth)


def _find(
    serial: str, sensors: Sequence[Any], stream: Any, form: Any, mode: VideoMode
) -> StreamProfile:
    had: set[VideoMode] = set()
    for sensor in sensors:
        for profile in sensor.get_stream_profiles():
            if profile.stream_type() != stream or profile.format() != form:
                continue
            video = profile.as_video_stream_profile()
            offered = VideoMode(video.width(), video.height(), float(video.fps()))
            if offered == mode:
                return StreamProfile(sensor, video)
            had.add(offered)
    kind = f"{stream.name} stream ({form.name})"
    offers = f"it has {_listed(had)}" if had else f"it has no {kind} at all"
    raise ConfigError(
        f"camera {serial} has no {kind} of {mode}; {offers}. Set width, height and fps (for depth "
        "depth_width, depth_height and depth_fps) of the camera in the rig file to one of these"
    )


def _listed(modes: set[VideoMode]) -> str:
    """Sizes with their rates, largest first."""
    rates: dict[tuple[int, int], list[float]] = {}
    for mode in modes:
        rates.setdefault((mode.width, mode.height), []).append(mode.fps)
    return ", ".join(
        f"{width} x {height} at {'/'.join(f'{fps:g}' for fps in sorted(fps_list))} Hz"
        for (width, height), fps_list in sorted(rates.items(), reverse=True)
    )
