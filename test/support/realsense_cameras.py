"""Emulated RealSense cameras on a clock that moves only when told, and recordings of them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from teleop_collect.clock import FakeClock, SystemClock
from teleop_collect.devices.realsense.camera import RealSenseCamera
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.devices.realsense.software_camera import (
    SoftwareCamera,
    SoftwareCameras,
    SoftwareCameraSettings,
)
from teleop_collect.devices.realsense.streams import VideoMode
from teleop_collect.errors import DeviceDisconnected
from teleop_collect.rig.camera_config import RealSenseCamera as RealSenseConfig
from teleop_collect.samples import RgbdSample

PERIOD_NS = 33_333_000
WIDTH, HEIGHT = 160, 120
SMALL = VideoMode(WIDTH, HEIGHT, 30.0)


def config(serial: str = "EMU-0001", **changes: Any) -> RealSenseConfig:
    fields: dict[str, Any] = {"width": WIDTH, "height": HEIGHT} | changes
    return RealSenseConfig(driver="realsense", serial=serial, **fields)


def settings(serial: str = "EMU-0001", **changes: Any) -> SoftwareCameraSettings:
    fields: dict[str, Any] = {"color": (SMALL,), "depth": (SMALL,)} | changes
    return SoftwareCameraSettings(serial, **fields)


class Stand:
    """One emulated camera with the driver connected to it, fed image by image.

    The wall clock of the SDK plays no part; `clock` is the time of camera and driver alike.
    """

    def __init__(self, clock: Any = None, images: Any = None, **changes: Any) -> None:
        rig = {k: changes.pop(k) for k in list(changes) if k not in EMULATED}
        if "depth_modes" in changes:
            changes["depth"] = changes.pop("depth_modes")
        self.clock = clock or FakeClock()
        self.emulator = SoftwareCamera(settings(**changes), self.clock, images)
        self.camera = RealSenseCamera(config(**rig), self.clock, SoftwareCameras([self.emulator]))
        self.camera.connect()
        # The syncer lets the first frame go alone: it cannot know that a partner will come.
        self.send()

    def send(self, period_ns: int = PERIOD_NS) -> None:
        """One image, then let a period pass."""
        self.emulator.send()
        self.clock.sleep_until_ns(self.clock.monotonic_ns() + period_ns)

    def next(self, period_ns: int = PERIOD_NS) -> Any:
        """Send an image and read it; the clock stands at its exposure's end meanwhile."""
        self.emulator.send()
        sample = self.camera.read()
        self.clock.sleep_until_ns(self.clock.monotonic_ns() + period_ns)
        return sample


EMULATED = {
    "color", "depth_modes", "depth_scale_m", "color_distortion", "usb", "start_counter_us",
}  # fmt: skip


def until_gone(camera: RealSenseCamera) -> Iterator[RgbdSample]:
    """Everything that a camera gives until it is gone."""
    with suppress(DeviceDisconnected):
        while True:
            yield camera.read()


def record(
    path: Path, frames: int, *, with_empty_stream: bool = False, **changes: Any
) -> dict[int, int]:
    """Write a librealsense recording of an emulated camera, one image each 1/30 s.

    Takes as long as it shows: playback keeps to the times at which frames were written.

    Args:
        path: where to.
        frames: how many images.
        with_empty_stream: also record an accelerometer that never says anything.
        changes: of the emulated camera's settings.

    Returns:
        The camera's counter (us) by frame number.
    """
    rs = import_realsense()
    clock = SystemClock()
    exposed_ns = clock.monotonic_ns()
    emulator = SoftwareCamera(settings(**changes), clock)
    assert emulator.device is not None
    if with_empty_stream:
        add_accelerometer(rs, emulator.device.device)
    recorder = rs.recorder(str(path), emulator.device.device)
    sensors = recorder.query_sensors()
    syncer = rs.syncer()
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles()[0])
        sensor.start(syncer)
    counters = {}
    for _ in range(frames):
        clock.sleep_until_ns(exposed_ns)
        facts = emulator.send(exposed_ns)
        exposed_ns += PERIOD_NS
        assert facts is not None
        counters[facts.number] = facts.counter_us
        syncer.try_wait_for_frames(1)
    for sensor in sensors:
        sensor.stop()
        sensor.close()
    return counters


def add_accelerometer(rs: Any, device: Any) -> None:
    stream = rs.motion_stream()
    stream.type, stream.fmt = rs.stream.accel, rs.format.motion_xyz32f
    stream.index, stream.uid, stream.fps = 0, 99, 100
    device.add_sensor("Motion Module").add_motion_stream(stream)
