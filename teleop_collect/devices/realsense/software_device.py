"""An `rs.software_device` that presents itself as a D435, and accepts frames from us.

The SDK checks neither size nor type of the pixels it is given and would read beyond them: they are
checked here.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.devices.realsense.geometry import NO_DISTORTION, Distortion
from teleop_collect.devices.realsense.streams import VideoMode
from teleop_collect.errors import ConfigError

COLOR_FOCAL_BY_WIDTH = 0.962
DEPTH_FOCAL_BY_WIDTH = 0.601
"""Of a D435, about: 69 and 87 degrees of horizontal field of view (Intel's D400 data sheet)."""

COLOR_FROM_DEPTH_M = (0.0148, 0.0, 0.0002)
"""The RGB lens lies 15 mm beside the left imager, whose frame depth is in."""

COLOR_OPTIONS = {
    "enable_auto_exposure": (0.0, 1.0, 1.0),
    "exposure": (1.0, 10_000.0, 166.0),
    "auto_exposure_priority": (0.0, 1.0, 1.0),
    "gain": (0.0, 128.0, 64.0),
    "enable_auto_white_balance": (0.0, 1.0, 1.0),
    "white_balance": (2_800.0, 6_500.0, 4_600.0),
}
"""Option -> least, largest, at start; as a D435's RGB sensor has them."""

DEPTH_OPTIONS = {"visual_preset": (0.0, 6.0, 0.0)}

D4XX_DISTORTION = Distortion("inverse_brown_conrady", NO_DISTORTION.coefficients)
MILLI_FPS = 1_000
"""Unit of the metadata `actual_fps`; plain 30 there keeps the syncer from pairing anything."""


@dataclass(frozen=True)
class FrameFacts:
    """What an emulated frame says of itself.

    Attributes:
        number: frame number.
        timestamp_ms: UTC, ms. Small values keep the syncer from pairing frames without a rate.
        counter_us: the device's clock at readout, 32 bits, us.
        exposure_us: length of the exposure, us.
        arrival_utc_ms: when the host got it, whole ms. The SDK keeps metadata of a software sensor
            until it is overwritten, so None leaves it out only before the first frame that had it.
        claimed_hz: the rate in its metadata, by which the syncer pairs; None for the stream's own.
    """

    number: int
    timestamp_ms: float
    counter_us: int
    exposure_us: int
    arrival_utc_ms: int | None
    claimed_hz: float | None = None


@dataclass(frozen=True)
class SoftwareModes:
    """What an emulated camera offers.

    Attributes:
        color: modes of colour.
        depth: modes of depth.
        depth_scale_m: metres per unit of raw depth.
        color_distortion: the SDK's name of the colour image's lens model, and its coefficients.
    """

    color: tuple[VideoMode, ...]
    depth: tuple[VideoMode, ...]
    depth_scale_m: float
    color_distortion: Distortion


class SoftwareDevice:
    """One plugged-in life of an emulated camera.

    Args:
        rs: the SDK.
        serial: serial number.
        usb: USB version to claim.
        modes: what it offers; the first mode of each stream is the one that frames have.

    Attributes:
        device: the SDK's device.
    """

    def __init__(self, rs: ModuleType, serial: str, usb: str, modes: SoftwareModes) -> None:
        self._rs, self._modes = rs, modes
        self.device = rs.software_device()
        keys = rs.camera_info
        for key, text in (
            (keys.name, "Intel RealSense D435"),
            (keys.serial_number, serial),
            (keys.firmware_version, "5.16.0.1"),
            (keys.usb_type_descriptor, usb),
            (keys.product_line, "D400"),
        ):
            self.device.register_info(key, text)
        self._depth_sensor = self.device.add_sensor("Stereo Module")
        self._color_sensor = self.device.add_sensor("RGB Camera")
        self._depth_sensor.add_read_only_option(rs.option.depth_units, modes.depth_scale_m)
        _add_options(rs, self._depth_sensor, DEPTH_OPTIONS)
        _add_options(rs, self._color_sensor, COLOR_OPTIONS)
        self._depth = self._add_streams(self._depth_sensor, modes.depth, 0)
        self._color = self._add_streams(self._color_sensor, modes.color, len(modes.depth))
        self._depth.register_extrinsics_to(self._color, _color_from_depth(rs))

    def send_depth(self, raw: NDArray[np.uint16], facts: FrameFacts) -> None:
        """Hand one depth frame, in the sensor's unit, to the SDK."""
        mode = self._modes.depth[0]
        _check("depth", raw, (mode.height, mode.width), np.uint16)
        self._send(self._depth_sensor, self._depth, raw, 2, facts)

    def send_color(self, pixels: NDArray[np.uint8], facts: FrameFacts) -> None:
        """Hand one RGB frame to the SDK."""
        mode = self._modes.color[0]
        _check("colour", pixels, (mode.height, mode.width, 3), np.uint8)
        self._send(self._color_sensor, self._color, pixels, 3, facts)

    def _send(self, sensor: Any, profile: Any, pixels: Any, bpp: int, facts: FrameFacts) -> None:
        rs, keys = self._rs, self._rs.frame_metadata_value
        frame = rs.software_video_frame()
        frame.pixels, frame.bpp, frame.stride = pixels, bpp, pixels.shape[1] * bpp
        frame.timestamp, frame.domain = facts.timestamp_ms, rs.timestamp_domain.global_time
        frame.frame_number, frame.profile = facts.number, profile
        middle_us = (facts.counter_us - facts.exposure_us // 2) % (1 << 32)
        sensor.set_metadata(keys.frame_timestamp, facts.counter_us)
        sensor.set_metadata(keys.sensor_timestamp, middle_us)
        sensor.set_metadata(keys.actual_exposure, facts.exposure_us)
        claimed_hz = profile.fps() if facts.claimed_hz is None else facts.claimed_hz
        sensor.set_metadata(keys.actual_fps, round(claimed_hz * MILLI_FPS))
        if facts.arrival_utc_ms is not None:
            sensor.set_metadata(keys.time_of_arrival, facts.arrival_utc_ms)
        sensor.on_video_frame(frame)

    def _add_streams(self, sensor: Any, modes: tuple[VideoMode, ...], first_uid: int) -> Any:
        """Add all modes; returns the profile of the first."""
        profiles = [
            sensor.add_video_stream(self._stream(sensor, mode, first_uid + index))
            for index, mode in enumerate(modes)
        ]
        return profiles[0].as_video_stream_profile()

    def _stream(self, sensor: Any, mode: VideoMode, uid: int) -> Any:
        rs = self._rs
        is_depth = sensor.name == "Stereo Module"
        stream = rs.video_stream()
        stream.type = rs.stream.depth if is_depth else rs.stream.color
        stream.fmt = rs.format.z16 if is_depth else rs.format.rgb8
        stream.bpp = 2 if is_depth else 3
        stream.index, stream.uid = 0, uid
        stream.width, stream.height, stream.fps = mode.width, mode.height, round(mode.fps)
        focal = DEPTH_FOCAL_BY_WIDTH if is_depth else COLOR_FOCAL_BY_WIDTH
        distortion = D4XX_DISTORTION if is_depth else self._modes.color_distortion
        stream.intrinsics = _intrinsics(rs, mode, focal, distortion)
        return stream


def _intrinsics(
    rs: ModuleType, mode: VideoMode, focal_by_width: float, distortion: Distortion
) -> Any:
    intrinsics = rs.intrinsics()
    intrinsics.width, intrinsics.height = mode.width, mode.height
    intrinsics.fx = intrinsics.fy = focal_by_width * mode.width
    intrinsics.ppx, intrinsics.ppy = (mode.width - 1) / 2, (mode.height - 1) / 2
    intrinsics.model = getattr(rs.distortion, distortion.model)
    intrinsics.coeffs = list(distortion.coefficients)
    return intrinsics


def _color_from_depth(rs: ModuleType) -> Any:
    """A shift and a turn of 0.01 rad about z, stored column by column as the SDK has it."""
    cosine, sine = float(np.cos(0.01)), float(np.sin(0.01))
    extrinsics = rs.extrinsics()
    extrinsics.rotation = [cosine, sine, 0.0, -sine, cosine, 0.0, 0.0, 0.0, 1.0]
    extrinsics.translation = list(COLOR_FROM_DEPTH_M)
    return extrinsics


def _add_options(
    rs: ModuleType, sensor: Any, options: dict[str, tuple[float, float, float]]
) -> None:
    for name, (least, largest, start) in options.items():
        span = rs.option_range()
        span.min, span.max, span.step, span.default = least, largest, 1.0, start
        sensor.add_option(getattr(rs.option, name), span, True)


def _check(what: str, pixels: Any, shape: tuple[int, ...], dtype: type) -> None:
    if pixels.shape != shape or pixels.dtype != dtype or not pixels.flags.c_contiguous:
        raise ConfigError(
            f"a {what} image for an emulated camera is {pixels.dtype} {pixels.shape}, "
            f"{'' if pixels.flags.c_contiguous else 'not '}contiguous; it must be contiguous "
            f"{np.dtype(dtype)} {shape}"
        )
