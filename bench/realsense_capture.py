"""Two RealSense cameras: what is lost, how old an image is when it goes out, what it costs.

    python bench/realsense_capture.py [--seconds 20] [--fps 30]

Two emulated D435 give 640x480 colour and depth through the real SDK (`software_device`), each in a
thread of this process: the SDK runs such devices in no other. A thread for each camera pairs the
streams, aligns depth to colour, converts it to mm and stamps it. Measured is the time from handing
an image to the SDK until it is ready and, where rclpy is there, until colour and depth have been
published as sensor_msgs/Image; and how far its stamp lies from the middle of its exposure.
Then one camera falls silent, and is unplugged and plugged in again: how soon fresh images come.
`cpu_percent` of one core is the whole process with both emulators; `cpu_reading_percent` the two
reading threads alone. The process ranks as the camera node does. Both cameras expose at once.
"""

import argparse
import gc
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from recording_load.processes import own_domain
from report import Report

from teleop_collect.clock import SystemClock
from teleop_collect.devices.realsense.camera import RealSenseCamera
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.devices.realsense.smooth_images import SmoothImages
from teleop_collect.devices.realsense.software_camera import (
    EXPOSURE_US,
    SoftwareCamera,
    SoftwareCameras,
    SoftwareCameraSettings,
)
from teleop_collect.devices.realsense.streams import (
    StreamRequest,
    VideoMode,
    find_profiles,
)
from teleop_collect.errors import DeviceError, DeviceTimeout
from teleop_collect.process import prefer_data
from teleop_collect.rig.camera_config import RealSenseCamera as RealSenseConfig
from teleop_collect.samples import RgbdSample

WIDTH, HEIGHT = 640, 480
CAMERAS = ("left", "right")
WARM_UP_S = 2.0
FAULT_S = 1.0
RECONNECT_S = 0.2
DRAWN = 30

Publish = Callable[[RgbdSample], None]


class DrawnImages:
    """Images drawn beforehand, so that drawing costs nothing while measuring."""

    def __init__(self) -> None:
        source = SmoothImages(WIDTH, HEIGHT)
        self._images = [source.image(number) for number in range(DRAWN)]

    def image(self, number: int) -> Any:
        return self._images[number % DRAWN]


@dataclass
class Ages:
    """What one camera's reader saw."""

    ready_ms: list[float] = field(default_factory=list)
    published_ms: list[float] = field(default_factory=list)
    stamp_error_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    lost: int = 0
    taken: int = 0


class Stand:
    """Two emulated cameras that run, and what reads them."""

    def __init__(self, fps: float) -> None:
        self._clock = SystemClock()
        self._mode = VideoMode(WIDTH, HEIGHT, fps)
        self.emulators = {
            name: Emulator(
                SoftwareCameraSettings(name, (self._mode,), (self._mode,)),
                self._clock,
                DrawnImages(),
            )
            for name in CAMERAS
        }

    def config(self, name: str) -> RealSenseConfig:
        return RealSenseConfig(
            driver="realsense", serial=name, width=WIDTH, height=HEIGHT, fps=self._mode.fps
        )

    def driver(self, name: str) -> RealSenseCamera:
        finder = SoftwareCameras(list(self.emulators.values()))
        camera = RealSenseCamera(self.config(name), self._clock, finder)
        camera.connect()
        return camera

    def measure(
        self, read: Callable[[str, Ages, float], None], seconds: float
    ) -> tuple[Any, float]:
        """Run a reader for each camera; their ages and the CPU seconds of the process."""
        ages = {name: Ages() for name in CAMERAS}
        end_s = time.monotonic() + WARM_UP_S + seconds
        threads = [
            threading.Thread(target=read, args=(name, ages[name], end_s)) for name in CAMERAS
        ]
        for emulator in self.emulators.values():
            emulator.start()
        for thread in threads:
            thread.start()
        time.sleep(WARM_UP_S)
        gc.collect()
        before_s = time.process_time()
        for thread in threads:
            thread.join()
        cpu_s = time.process_time() - before_s
        for emulator in self.emulators.values():
            emulator.close()
        return list(ages.values()), cpu_s


class Emulator(SoftwareCamera):
    """Remembers when each image was exposed and when it was handed over, UTC ns, by number."""

    def __init__(self, *arguments: Any) -> None:
        self.exposed_ns: dict[int, int] = {}
        self.sent_ns: dict[int, int] = {}
        super().__init__(*arguments)

    def send(self, exposed_ns: int | None = None) -> Any:
        self.sent_ns[self.number] = time.time_ns()
        facts = super().send(exposed_ns)
        if facts is not None:
            self.exposed_ns[facts.number] = round(facts.timestamp_ms * 1e6) - EXPOSURE_US * 500
        return facts


def driver_reader(stand: Stand, publish: dict[str, Publish]) -> Callable[[str, Ages, float], None]:
    """Reads with this package's driver."""

    def run(name: str, ages: Ages, end_s: float) -> None:
        camera, emulator = stand.driver(name), stand.emulators[name]
        warm_s = time.monotonic() + WARM_UP_S
        lost_before, cpu_before_s = None, 0.0
        stamps: dict[int, int] = {}
        while time.monotonic() < end_s:
            sample = camera.read()
            ready_ns = time.time_ns()
            if name in publish:
                publish[name](sample)
            published_ns = time.time_ns()
            if time.monotonic() < warm_s:
                continue
            if lost_before is None:
                lost_before, cpu_before_s = camera.status.lost, time.thread_time()
            sent_ns = emulator.sent_ns[sample.frame_number]
            ages.ready_ms.append((ready_ns - sent_ns) / 1e6)
            ages.published_ms.append((published_ns - sent_ns) / 1e6)
            stamps[sample.frame_number] = sample.stamp_ns
        ages.cpu_s = time.thread_time() - cpu_before_s
        ages.lost = camera.status.lost - (lost_before or 0)
        ages.taken = len(ages.ready_ms)
        camera.close()
        ages.stamp_error_ms = [
            (stamp_ns - emulator.exposed_ns[number]) / 1e6
            for number, stamp_ns in stamps.items()
            if number in emulator.exposed_ns
        ]

    return run


def bare_reader(stand: Stand) -> Callable[[str, Ages, float], None]:
    """Reads with the SDK alone: syncer and align; nothing copied, converted or stamped."""
    rs = import_realsense()

    def run(name: str, ages: Ages, end_s: float) -> None:
        emulator = stand.emulators[name]
        found = SoftwareCameras([emulator]).find()[0]
        request = StreamRequest.of(stand.config(name))
        source = found.open(request, find_profiles(rs, name, found.sensors(), request))
        align = rs.align(rs.stream.color)
        warm_s, cpu_before_s, last = time.monotonic() + WARM_UP_S, 0.0, 0
        while time.monotonic() < end_s:
            frames = source.wait(0.5)
            if frames is None or frames.size() != 2:
                continue
            aligned = align.process(frames.as_frameset())
            np.asanyarray(aligned.get_depth_frame().get_data())
            ready_ns = time.time_ns()
            number = aligned.get_color_frame().get_frame_number()
            if time.monotonic() < warm_s:
                cpu_before_s, last = time.thread_time(), number
                continue
            ages.ready_ms.append((ready_ns - emulator.sent_ns[number]) / 1e6)
            ages.lost += number - last - 1
            last = number
        ages.cpu_s = time.thread_time() - cpu_before_s
        ages.taken = len(ages.ready_ms)
        source.stop()

    return run


def figures(ages: list[Ages], cpu_s: float, seconds: float) -> dict[str, Any]:
    """One row of the table, both cameras together."""
    row: dict[str, Any] = {
        "images": sum(a.taken for a in ages),
        "frames_lost": sum(a.lost for a in ages),
        "rate_hz": min(a.taken for a in ages) / seconds,
    }
    for what in ("ready", "published"):
        values = [v for a in ages for v in getattr(a, f"{what}_ms")]
        if values:
            row[f"{what}_p50_ms"] = float(np.percentile(values, 50))
            row[f"{what}_p99_ms"] = float(np.percentile(values, 99))
    errors = [abs(v) for a in ages for v in a.stamp_error_ms]
    if errors:
        row["stamp_error_p99_ms"] = float(np.percentile(errors, 99))
    row["cpu_percent"] = 100 * cpu_s / seconds
    row["cpu_reading_percent"] = 100 * sum(a.cpu_s for a in ages) / seconds
    return row


def with_ros(stand: Stand, seconds: float) -> tuple[list[Ages], float]:
    """The driver's images published over ROS 2, as the camera node does."""
    import rclpy
    from sensor_msgs.msg import Image

    from teleop_collect import topics
    from teleop_collect.nodes.image_cdr import image_cdr
    from teleop_collect.nodes.qos import profile

    with own_domain():
        rclpy.init()
        node = rclpy.create_node("realsense_capture")
        qos = profile(topics.IMAGE_QOS)

        def publisher(name: str) -> Publish:
            color = node.create_publisher(Image, topics.color_topic(name), qos)
            depth = node.create_publisher(Image, topics.depth_topic(name), qos)
            frame_id = f"{name}_color_optical_frame"

            def publish(sample: RgbdSample) -> None:
                color.publish(image_cdr(sample.stamp_ns, frame_id, "rgb8", sample.color))
                depth.publish(image_cdr(sample.stamp_ns, frame_id, "16UC1", sample.depth_mm))

            return publish

        publishers = {name: publisher(name) for name in CAMERAS}
        try:
            return stand.measure(driver_reader(stand, publishers), seconds)
        finally:
            node.destroy_node()
            rclpy.shutdown()


def recovery_ms(stand: Stand, begin: Callable[[], None], end: Callable[[], None]) -> float:
    """From the end of a fault of the left camera until a fresh image of it has been read."""
    camera = stand.driver(CAMERAS[0])
    with stand.emulators[CAMERAS[0]]:
        read_again(camera)
        begin()
        time.sleep(FAULT_S)
        # What had been made before the fault is read before it ends.
        with suppress(DeviceError):
            while True:
                camera.read()
        end()
        ended_s, ended_utc_ns = time.monotonic(), time.time_ns()
        while read_again(camera).stamp_ns < ended_utc_ns - EXPOSURE_US * 500:
            continue
        taken_ms = (time.monotonic() - ended_s) * 1e3
    camera.close()
    return taken_ms


def read_again(camera: RealSenseCamera) -> RgbdSample:
    """Read as the camera node does: connect again after a loss, each 0.2 s."""
    while True:
        try:
            return camera.read()
        except DeviceTimeout:
            continue
        except DeviceError:
            with suppress(DeviceError):
                camera.connect()
                continue
            time.sleep(RECONNECT_S)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of measuring, each time")
    parser.add_argument("--fps", type=float, default=30.0, help="of each camera")
    options = parser.parse_args()
    prefer_data()
    report = Report("realsense_capture")
    stand = Stand(options.fps)
    alone = figures(*stand.measure(driver_reader(stand, {}), options.seconds), options.seconds)
    report.row("driver, 2 cameras", **alone)
    rows = [alone]
    try:
        published = figures(*with_ros(stand, options.seconds), options.seconds)
        report.row("driver and ROS publishers, 2 cameras", **published)
        rows.append(published)
    except ImportError:
        report.row("driver and ROS publishers, 2 cameras", not_run="rclpy is not installed")
    bare = figures(*stand.measure(bare_reader(stand), options.seconds), options.seconds)
    report.peer("pyrealsense2 alone: syncer and align", **bare)
    left = stand.emulators[CAMERAS[0]]
    recoveries = {
        "silent_ms": recovery_ms(stand, left.silence, lambda: left.silence(False)),
        "unplugged_ms": recovery_ms(stand, left.unplug, left.replug),
    }
    report.row("fresh image after a fault of 1 s", **recoveries)
    report.at_most("recovery_ms", max(recoveries.values()), 1000)
    report.at_most("frames_lost", sum(row["frames_lost"] for row in rows), 0)
    report.at_least("share_of_rate", min(row["rate_hz"] for row in rows) / options.fps, 0.995)
    report.at_most("latency_p50_ms", max(row["ready_p50_ms"] for row in rows), 500 / options.fps)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
