"""A RealSense D4xx: colour and depth aligned to it, stamped in UTC, its losses counted."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.devices.realsense.depth_units import DepthToMm
from teleop_collect.devices.realsense.devices import CameraFacts, CameraFinder, FoundCamera, select
from teleop_collect.devices.realsense.finding import finder_for
from teleop_collect.devices.realsense.frame_counter import FrameCounter
from teleop_collect.devices.realsense.frame_source import FrameSource
from teleop_collect.devices.realsense.frames import color_pixels, depth_raw, timing_of
from teleop_collect.devices.realsense.geometry import CameraGeometry, geometry_of
from teleop_collect.devices.realsense.options import apply_options
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.devices.realsense.stamping import FrameStamper
from teleop_collect.devices.realsense.streams import StreamRequest, find_profiles
from teleop_collect.devices.realsense.usb_speed import check_usb_speed
from teleop_collect.errors import DeviceDisconnected, DeviceError, DeviceTimeout
from teleop_collect.rig.camera_config import RealSenseCamera as RealSenseConfig
from teleop_collect.samples import Intrinsics, RgbdSample

READ_TIMEOUT_S = 0.5
"""Longest wait for one image; 15 periods at 30 Hz."""

STALL_S = 3.0
"""A camera that is there and silent for this long has stopped inside and must be opened again."""

MAX_APART_PERIODS = 0.6
"""Between colour and depth of one sample: half a period and some jitter."""

PRESENCE_CHECK_S = 0.1
"""How often a wait without images looks whether the camera is still there."""


@dataclass(frozen=True)
class CameraStatus:
    """How a camera is doing, for diagnostics; None is unknown.

    Attributes:
        facts: what the camera says of itself; None while it is not connected.
        taken: images read since construction.
        lost: images that the camera made and that never came, by its frame numbers.
        repeated: images that came twice and were left out.
        restarts: how often numbering began anew; losses across a restart are unknown.
        mismatched: sets of frames whose colour and depth were too far apart in time, left out.
        clock_source: which of the camera's clocks the stamps come from.
        clock_drift_us_s: us that the host's clock gains on the camera's in one second; None
            while too little time has passed to tell.
        clock_steps: how often the camera's clock was set or restarted while it was connected.
    """

    facts: CameraFacts | None
    taken: int
    lost: int
    repeated: int
    restarts: int
    mismatched: int
    clock_source: str
    clock_drift_us_s: float | None
    clock_steps: int


@dataclass
class _Running:
    """What exists while a camera is connected."""

    sdk: ModuleType
    found: FoundCamera
    source: FrameSource
    geometry: CameraGeometry
    stamper: FrameStamper
    depth_to_mm: DepthToMm | None
    align: Any
    heard_ns: int
    """Monotonic time of the last image, or of connecting."""


class RealSenseCamera:
    """Drives one camera by its serial number; a `teleop_collect.devices.protocols.Camera`.

    Args:
        config: the camera's section of the rig file.
        clock: stamps and time-outs.
        finder: where to look for the camera; by the scheme of its serial when None.
    """

    def __init__(
        self, config: RealSenseConfig, clock: Clock, finder: CameraFinder | None = None
    ) -> None:
        self._config, self._clock, self._finder = config, clock, finder
        self._counter = FrameCounter()
        self._mismatched = 0
        self._running: _Running | None = None

    @property
    def geometry(self) -> CameraGeometry:
        """Intrinsics, extrinsics and depth unit, as the device has them.

        Raises:
            DeviceError: not connected.
        """
        return self._connected().geometry

    @property
    def status(self) -> CameraStatus:
        """How it is doing."""
        counter, running = self._counter, self._running
        fit = running.stamper.fit if running else None
        return CameraStatus(
            running.found.facts if running else None,
            counter.taken,
            counter.lost,
            counter.repeated,
            counter.restarts,
            self._mismatched,
            running.stamper.source if running else "unknown",
            fit.drift * 1e6 if fit and fit.drift_is_measured else None,
            running.stamper.steps if running else 0,
        )

    def connect(self) -> None:
        """Find the camera and start its streams; returns at once when it is not there.

        Raises:
            DeviceDisconnected: no camera with this serial (the message names those found), or it
                does not answer the SDK.
            ConfigError: the camera lacks a profile or an option that the rig file asks for.
            DeviceError: the USB connection is too slow, or the streams do not start.
            MissingExtraError: the SDK is not installed.
            UnreadableError: the recording that it names cannot be read.
        """
        self.close()
        rs = import_realsense()
        if self._finder is None:
            self._finder = finder_for(rs, self._config, self._clock)
        try:
            self._running = self._start(rs, self._finder)
        except RuntimeError as error:
            raise DeviceDisconnected(
                f"camera {self._config.serial} does not answer: {error}. {self._finder.remedy()}"
            ) from error

    def _start(self, rs: ModuleType, finder: CameraFinder) -> _Running:
        found = select(finder, self._config.serial)
        check_usb_speed(found.facts, self._config.usb_min)
        request = StreamRequest.of(self._config)
        profiles = find_profiles(rs, self._config.serial, found.sensors(), request)
        if found.takes_options:
            apply_options(rs, self._config, profiles)
        geometry = geometry_of(profiles)
        scale_m = geometry.depth_scale_m
        depth_to_mm = None if scale_m is None else DepthToMm(scale_m)
        source = found.open(request, profiles)
        self._counter.restart()
        return _Running(
            rs,
            found,
            source,
            geometry,
            FrameStamper(self._clock),
            depth_to_mm,
            rs.align(rs.stream.color),
            self._clock.monotonic_ns(),
        )

    def intrinsics(self) -> Intrinsics:
        """Pinhole parameters of the colour image, to which depth is aligned.

        Raises:
            DeviceError: not connected.
        """
        return self.geometry.color

    def read(self) -> RgbdSample:
        """Wait for the next image that has not been read yet.

        Raises:
            DeviceTimeout: none came in time; try again.
            DeviceDisconnected: the camera is gone, or silent for 3 s; connect again.
            DeviceError: not connected, or a frame is malformed.
        """
        running = self._connected()
        try:
            return self._next(running)
        except RuntimeError as error:
            self.close()
            raise DeviceDisconnected(f"camera {self._config.serial} is gone: {error}") from error

    def _next(self, running: _Running) -> RgbdSample:
        end_ns = self._clock.monotonic_ns() + round(READ_TIMEOUT_S * NS_PER_S)
        while True:
            frames = running.source.wait(PRESENCE_CHECK_S)
            sample = None if frames is None else self._take(running, frames)
            if sample is not None:
                running.heard_ns = self._clock.monotonic_ns()
                return sample
            self._check_alive(running)
            if self._clock.monotonic_ns() >= end_ns:
                raise DeviceTimeout(
                    f"camera {self._config.serial} gave no new image for {READ_TIMEOUT_S:g} s"
                )

    def close(self) -> None:
        """Stop the streams; safe to call twice."""
        if self._running is not None:
            self._running.source.stop()
            self._running = None

    def _connected(self) -> _Running:
        if self._running is None:
            raise DeviceError(
                f"camera {self._config.serial} is not connected; call connect() first"
            )
        return self._running

    def _check_alive(self, running: _Running) -> None:
        """Close and raise when no image will come any more."""
        reason = running.found.absence()
        if reason is None:
            silent_ns = self._clock.monotonic_ns() - running.heard_ns
            if silent_ns < STALL_S * NS_PER_S:
                return
            reason = f"it gave no image for {STALL_S:g} s; its streams must be started anew"
        self.close()
        raise DeviceDisconnected(f"camera {self._config.serial} is gone: {reason}")

    def _take(self, running: _Running, frames: Any) -> RgbdSample | None:
        """A sample of a set of frames; None when it is incomplete or came before."""
        if not frames.is_frameset():
            return None
        frames = frames.as_frameset()
        color, raw_depth = frames.get_color_frame(), frames.get_depth_frame()
        if not color or not (raw_depth or running.depth_to_mm is None):
            return None
        if raw_depth and not self._belong_together(color, raw_depth):
            self._mismatched += 1
            return None
        number = color.get_frame_number()
        if not self._counter.accept(number):
            return None
        width, height = self._config.width, self._config.height
        stamp_ns = running.stamper.stamp_ns(timing_of(running.sdk, color))
        depth_mm = None
        if running.depth_to_mm is not None:
            aligned = running.align.process(frames).get_depth_frame()
            depth_mm = running.depth_to_mm.convert(depth_raw(aligned, width, height))
        return RgbdSample(stamp_ns, color_pixels(color, width, height), depth_mm, number)

    def _belong_together(self, color: Any, depth: Any) -> bool:
        """Whether depth was taken nearest to colour; the SDK sometimes pairs others.

        The sensors of a D4xx run freely beside each other: up to half a period apart is right.
        """
        if color.get_frame_timestamp_domain() != depth.get_frame_timestamp_domain():
            return True
        slowest_hz = min(self._config.fps, self._config.depth_fps or self._config.fps)
        apart_ms = abs(color.get_timestamp() - depth.get_timestamp())
        return bool(apart_ms <= MAX_APART_PERIODS * 1e3 / slowest_hz)
