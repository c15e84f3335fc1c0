"""Frames of the real SDK that are not what the driver expects."""

import numpy as np
import pytest

from teleop_collect.devices.realsense.frame_source import SensorSource
from teleop_collect.devices.realsense.frames import color_pixels, depth_raw, timing_of
from teleop_collect.devices.realsense.geometry import NO_DISTORTION
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.devices.realsense.software_device import (
    FrameFacts,
    SoftwareDevice,
    SoftwareModes,
)
from teleop_collect.devices.realsense.stamping import FrameTiming
from teleop_collect.devices.realsense.streams import StreamRequest, VideoMode, find_profiles
from teleop_collect.errors import DeviceError

WIDTH, HEIGHT = 64, 48
IMAGES, PERIOD_MS = 40, 33.333


@pytest.fixture
def frame():
    """A colour frame of a device that tells nothing about itself or its frames."""
    rs = import_realsense()
    device = rs.software_device()
    sensor = device.add_sensor("bare")
    stream = rs.video_stream()
    stream.type, stream.fmt, stream.bpp = rs.stream.color, rs.format.rgb8, 3
    stream.width, stream.height, stream.fps = WIDTH, HEIGHT, 30
    profile = sensor.add_video_stream(stream)
    queue = rs.frame_queue(1)
    sensor.open(profile)
    sensor.start(queue)
    sent = rs.software_video_frame()
    sent.pixels = np.full((HEIGHT, WIDTH, 3), 7, np.uint8)
    sent.bpp, sent.stride, sent.frame_number = 3, WIDTH * 3, 5
    sent.timestamp, sent.domain = 1234.5, rs.timestamp_domain.hardware_clock
    sent.profile = profile.as_video_stream_profile()
    sensor.on_video_frame(sent)
    yield queue.wait_for_frame(2000)
    sensor.stop()
    sensor.close()


def test_pixels_are_copied_out_of_the_sdk(frame):
    pixels = color_pixels(frame, WIDTH, HEIGHT)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert pixels.flags.owndata
    assert np.all(pixels == 7)


def test_a_frame_of_another_size_is_refused(frame):
    with pytest.raises(DeviceError, match=r"uint8 \(48, 64, 3\) and should be uint8 \(480, 640, 3"):
        color_pixels(frame, 640, 480)


def test_a_frame_of_another_type_is_refused(frame):
    with pytest.raises(DeviceError, match=r"should be uint16 \(48, 64\)"):
        depth_raw(frame, WIDTH, HEIGHT)


def test_metadata_that_the_camera_does_not_give_is_unknown(frame):
    assert timing_of(import_realsense(), frame) == FrameTiming(1234.5, "hardware_clock")


def paired(base_ms: float) -> int:
    """How many of 40 images come together with their depth when time begins at `base_ms`."""
    rs = import_realsense()
    mode = VideoMode(WIDTH, HEIGHT, 30.0)
    device = SoftwareDevice(rs, "1", "3.2", SoftwareModes((mode,), (mode,), 0.001, NO_DISTORTION))
    request = StreamRequest(mode, mode)
    profiles = find_profiles(rs, "1", list(device.device.query_sensors()), request)
    source = SensorSource(rs, profiles)
    color, depth = np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.zeros((HEIGHT, WIDTH), np.uint16)
    count = 0
    for number in range(IMAGES):
        time_ms = base_ms + number * PERIOD_MS
        facts = FrameFacts(number, time_ms, round(number * PERIOD_MS * 1000), 8000, None)
        device.send_depth(depth, facts)
        device.send_color(color, facts)
        while (frames := source.wait(0.001)) is not None:
            count += frames.as_frameset().size() == 2
    source.stop()
    return count


@pytest.mark.parametrize("base_ms", [1.8e12, 0.0, 1_000.0, 41_000.0, 1e6])
def test_images_that_tell_their_rate_are_paired_whenever_their_time_begins(base_ms):
    assert paired(base_ms) >= IMAGES - 1
