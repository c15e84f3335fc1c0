"""An emulated D4xx behind the real SDK: feeds images at a rate and misbehaves on command.

It is the SDK's `software_device` with a device clock of its own. Faults of `SoftwareCamera` may be
commanded from any thread while it runs.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S, Clock, SystemClock
from teleop_collect.devices.realsense.device_clock import WRAP_US
from teleop_collect.devices.realsense.devices import CameraFacts
from teleop_collect.devices.realsense.frame_source import FrameSource, SensorSource
from teleop_collect.devices.realsense.geometry import Distortion
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.devices.realsense.smooth_images import ImageSource, SmoothImages
from teleop_collect.devices.realsense.software_device import (
    D4XX_DISTORTION,
    FrameFacts,
    SoftwareDevice,
    SoftwareModes,
)
from teleop_collect.devices.realsense.streams import StreamProfiles, StreamRequest, VideoMode
from teleop_collect.errors import DeviceError

VGA = VideoMode(640, 480, 30.0)
EXPOSURE_US = 8_000
MM = 0.001

MAX_LATE_IMAGES = 10
"""An emulated camera that falls further behind than this loses images, as a real one would; up to
so many are handed over late."""


@dataclass(frozen=True)
class SoftwareCameraSettings:
    """What an emulated camera is.

    Attributes:
        serial: serial number.
        color: modes of colour; images have the first.
        depth: modes of depth; images have the first.
        depth_scale_m: metres per unit of raw depth.
        color_distortion: of the colour image.
        usb: USB version that it claims.
        start_counter_us: its clock when it is plugged in.
    """

    serial: str = "EMU-0001"
    color: tuple[VideoMode, ...] = (VGA,)
    depth: tuple[VideoMode, ...] = (VGA,)
    depth_scale_m: float = 0.001
    color_distortion: Distortion = D4XX_DISTORTION
    usb: str = "3.2"
    start_counter_us: int = 0


class SoftwareCamera:
    """One emulated camera. `start` feeds it at its rate; `send` feeds one image now.

    Args:
        settings: what it is.
        clock: time.
        images: what it sees, in the sizes of its first modes; a moving ramp when None.
    """

    def __init__(
        self,
        settings: SoftwareCameraSettings,
        clock: Clock | None = None,
        images: ImageSource | None = None,
    ) -> None:
        self.settings = settings
        self._rs = import_realsense()
        self._clock = clock or SystemClock()
        mode = settings.color[0]
        self._images = images or SmoothImages(mode.width, mode.height)
        self._lock = threading.RLock()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._rate_hz = mode.fps
        self._drift = 0.0
        self._silent = self._frozen = False
        self._to_drop = 0
        self._last: tuple[FrameFacts, Any, Any] | None = None
        self._device: SoftwareDevice | None = None
        self.replug()

    @property
    def device(self) -> SoftwareDevice | None:
        """The device while it is plugged in."""
        return self._device

    @property
    def number(self) -> int:
        """Number of the next image."""
        return self._number

    def start(self) -> Self:
        """Feed images at the camera's rate until `close`."""
        self._end.clear()
        self._thread = threading.Thread(
            target=self._run, name=f"emulated {self.settings.serial}", daemon=True
        )
        self._thread.start()
        return self

    def close(self) -> None:
        """End feeding; safe to call twice."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, exposed_ns: int | None = None) -> FrameFacts | None:
        """Make one image and hand it to the SDK; None when a fault keeps it back.

        Args:
            exposed_ns: when its exposure ended, on the monotonic clock; now when None.
        """
        with self._lock:
            if self._device is None or self._silent or self._to_drop:
                self._number += 1
                self._to_drop = max(0, self._to_drop - 1)
                return None
            color, depth_mm = self._images.image(0 if self._frozen else self._number)
            raw = _in_units(depth_mm, self.settings.depth_scale_m)
            facts = self._next_facts(self._now_ns() if exposed_ns is None else exposed_ns)
            self._last = (facts, color, raw)
            self._hand_over()
            return facts

    def silence(self, silent: bool = True) -> None:
        """Stop giving images though the camera is there, or give them again."""
        with self._lock:
            self._silent = silent

    def drop(self, count: int) -> None:
        """Lose the next `count` images; their numbers pass."""
        with self._lock:
            self._to_drop = count

    def freeze(self, frozen: bool = True) -> None:
        """Show image 0 for ever under new numbers, or go on."""
        with self._lock:
            self._frozen = frozen

    def repeat(self) -> None:
        """Give the last image again under the same number."""
        with self._lock:
            if self._last is not None and self._device is not None:
                self._hand_over()

    def set_rate(self, rate_hz: float) -> None:
        """Feed at another rate than the camera claims."""
        with self._lock:
            self._rate_hz = rate_hz

    def set_drift(self, drift: float) -> None:
        """Let the device's clock gain `drift` seconds on the host's in one second from now on."""
        with self._lock:
            now_ns = self._now_ns()
            self._counter_from_us, self._counter_at_ns = self._counter_us(now_ns), now_ns
            self._drift = drift

    def unplug(self) -> None:
        """Take the camera away."""
        with self._lock:
            self._device = None

    def replug(self) -> None:
        """Plug it in again: numbers and clock begin anew."""
        with self._lock:
            settings = self.settings
            modes = SoftwareModes(
                settings.color, settings.depth, settings.depth_scale_m, settings.color_distortion
            )
            self._device = SoftwareDevice(self._rs, settings.serial, settings.usb, modes)
            self._number = 0
            self._counter_from_us = settings.start_counter_us
            self._counter_at_ns = self._now_ns()

    def _now_ns(self) -> int:
        return self._clock.monotonic_ns()

    def _counter_us(self, at_ns: int) -> int:
        elapsed_us = (at_ns - self._counter_at_ns) // 1_000
        return self._counter_from_us + elapsed_us + round(elapsed_us * self._drift)

    def _next_facts(self, at_ns: int) -> FrameFacts:
        now_ns = self._clock.utc_ns()
        exposed_utc_ns = now_ns - (self._now_ns() - at_ns)
        number, self._number = self._number, self._number + 1
        return FrameFacts(
            number,
            exposed_utc_ns / 1e6,
            self._counter_us(at_ns) % WRAP_US,
            EXPOSURE_US,
            now_ns // 1_000_000,
        )

    def _hand_over(self) -> None:
        if self._device is None or self._last is None:
            return
        facts, color, raw = self._last
        self._device.send_depth(raw, facts)
        self._device.send_color(color, facts)

    def _run(self) -> None:
        """Expose at exact intervals, as a camera does; hand over when this thread gets to run."""
        due_ns = self._now_ns()
        while not self._end.is_set():
            self._clock.sleep_until_ns(due_ns)
            self.send(due_ns)
            period_ns = round(NS_PER_S / self._rate_hz)
            due_ns += period_ns
            missed = (self._now_ns() - due_ns) // period_ns
            if missed > MAX_LATE_IMAGES:
                self._number += missed
                due_ns += missed * period_ns


def _in_units(depth_mm: NDArray[np.uint16], scale_m: float) -> NDArray[np.uint16]:
    """Depth as the sensor would report it."""
    if scale_m == MM:
        return depth_mm
    raw: NDArray[np.uint16] = np.rint(depth_mm * (MM / scale_m)).astype(np.uint16)
    return raw


class SoftwareCameras:
    """Finds emulated cameras that are plugged in.

    Args:
        cameras: all there are.
    """

    def __init__(self, cameras: Sequence[SoftwareCamera]) -> None:
        self._rs = import_realsense()
        self._cameras = cameras

    def find(self) -> Sequence["FoundSoftwareCamera"]:
        return [
            FoundSoftwareCamera(self._rs, camera, camera.device)
            for camera in self._cameras
            if camera.device is not None
        ]

    def remedy(self) -> str:
        return "Start an emulated camera with this serial"


class FoundSoftwareCamera:
    """An emulated camera as the driver sees it."""

    takes_options = True

    def __init__(self, rs: ModuleType, camera: SoftwareCamera, plugged: SoftwareDevice) -> None:
        self._rs, self._camera, self._plugged = rs, camera, plugged
        self.facts = CameraFacts.of(rs, plugged.device)

    def sensors(self) -> Sequence[Any]:
        return list(self._plugged.device.query_sensors())

    def open(self, request: StreamRequest, profiles: StreamProfiles) -> FrameSource:
        if self.absence():
            raise DeviceError(f"camera {self.facts.serial} went while it was opened")
        return SensorSource(self._rs, profiles)

    def absence(self) -> str | None:
        return None if self._camera.device is self._plugged else "it was unplugged"
