"""Recordings of librealsense, made here, through the SDK's own pipeline and device list."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support.realsense_cameras import HEIGHT, WIDTH, config, record, until_gone

from teleop_collect.clock import SystemClock
from teleop_collect.devices.realsense.camera import RealSenseCamera
from teleop_collect.devices.realsense.devices import select
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.devices.realsense.smooth_images import SmoothImages
from teleop_collect.devices.realsense.usb_cameras import UsbCamera, UsbCameras
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError, DeviceTimeout

FRAMES = 30


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("realsense") / "camera.db3"
    record(path, FRAMES, depth_scale_m=0.0001)
    return path


def play(path: Path) -> RealSenseCamera:
    camera = RealSenseCamera(config(f"file://{path}"), SystemClock())
    camera.connect()
    return camera


def until(condition, seconds=5.0):
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.005)


def test_every_image_comes_with_its_pixels_number_and_millimetres(recording: Path):
    clock = SystemClock()
    camera = play(recording)
    samples = []
    for sample in until_gone(camera):
        samples.append(sample)
        assert sample.stamp_ns <= clock.utc_ns()
    numbers = [s.frame_number for s in samples]
    assert len(numbers) >= 20
    assert numbers[-1] == FRAMES - 1
    # A busy machine may lose some; then they are counted.
    assert camera.status.lost == numbers[-1] - numbers[0] + 1 - len(numbers)
    images = SmoothImages(WIDTH, HEIGHT)
    for sample in samples:
        color, depth_mm = images.image(sample.frame_number)
        np.testing.assert_array_equal(sample.color, color)
        seen = sample.depth_mm[sample.depth_mm > 0]
        assert seen.size > WIDTH * HEIGHT // 4
        assert set(np.unique(seen)) <= set(np.unique(depth_mm))


def test_a_recorded_stream_without_frames_stops_nothing(tmp_path: Path):
    # Left to itself the SDK plays every stream of a file, and waits for all of them together.
    path = tmp_path / "camera.db3"
    record(path, 10, with_empty_stream=True)
    rs = import_realsense()
    streams = {
        profile.stream_name()
        for sensor in rs.context().load_device(str(path)).query_sensors()
        for profile in sensor.get_stream_profiles()
    }
    assert "Accel" in streams
    numbers = [sample.frame_number for sample in until_gone(play(path))]
    assert numbers[-1] == 9


def test_calibration_and_depth_unit_are_those_of_the_recorded_camera(recording: Path):
    camera = play(recording)
    geometry = camera.geometry
    assert geometry.color.fx == pytest.approx(0.962 * WIDTH)
    assert geometry.depth_scale_m == pytest.approx(0.0001)
    assert geometry.color_from_depth[0, 3] == pytest.approx(0.0148)
    assert camera.status.facts.name == "Intel RealSense D435"
    camera.close()


def test_the_clock_of_a_recording_is_the_recorded_counter(recording: Path):
    camera = play(recording)
    camera.read()
    assert camera.status.clock_source == "frame_timestamp"
    camera.close()


def test_the_end_of_a_recording_is_told(recording: Path):
    camera = play(recording)
    for _ in until_gone(camera):
        pass
    with pytest.raises(DeviceError, match="not connected"):
        camera.read()
    with pytest.raises(DeviceDisconnected, match=r"played from a file: the recording .* has ended"):
        camera.connect()


def test_a_mode_that_was_not_recorded_is_refused(recording: Path):
    camera = RealSenseCamera(config(f"file://{recording}", width=848, height=480), SystemClock())
    with pytest.raises(ConfigError, match="it has 160 x 120 at 30 Hz"):
        camera.connect()


def test_a_reader_that_stalls_for_a_quarter_of_a_second_loses_nothing(recording: Path):
    camera = play(recording)
    first = camera.read().frame_number
    playback = camera._running.source.profile.get_device().as_playback()
    shown_ns = playback.get_position()
    until(lambda: playback.get_position() > shown_ns + 250_000_000)
    numbers = [camera.read().frame_number for _ in range(8)]
    assert numbers == list(range(first + 1, first + 9))
    camera.close()


def test_colour_alone_comes_through_the_pipeline_too(recording: Path):
    camera = RealSenseCamera(config(f"file://{recording}", depth=False), SystemClock())
    camera.connect()
    first, second = camera.read(), camera.read()
    assert first.depth_mm is None
    assert second.frame_number == first.frame_number + 1
    camera.close()


def test_a_stalled_pipeline_times_out_and_then_goes_on(recording: Path):
    camera = play(recording)
    camera.read()
    playback = camera._running.source.profile.get_device().as_playback()
    playback.pause()
    with pytest.raises(DeviceTimeout, match="no new image"):
        list(until_gone(camera))
    playback.resume()
    assert camera.read().frame_number > 0
    camera.close()


def test_devices_come_and_go_in_the_list_of_the_sdk(recording: Path):
    rs = import_realsense()
    context = rs.context()
    cameras = UsbCameras(rs, context)
    before = [camera.facts.serial for camera in cameras.find()]
    loaded = context.load_device(str(recording))
    found = select(cameras, "EMU-0001")
    assert found.absence() is None
    with pytest.raises(DeviceDisconnected, match=r"serial X; found .*EMU-0001"):
        select(cameras, "X")
    found = select(cameras, "EMU-0001")
    context.unload_device(str(recording))
    del loaded
    until(lambda: found.absence() is not None)
    assert found.absence() == "it was unplugged"
    assert [camera.facts.serial for camera in cameras.find()] == before


def test_a_removal_that_the_sdk_has_not_told_yet_shows_in_the_count(recording: Path):
    rs = import_realsense()
    context = rs.context()
    loaded = context.load_device(str(recording))
    camera = UsbCamera(rs, context, loaded, len(context.query_devices()))
    assert camera.absence() is None
    context.unload_device(str(recording))
    assert not camera.is_removed
    assert camera.absence() == "it was unplugged"
