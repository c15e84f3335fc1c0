"""A librealsense recording, played through the SDK's pipeline, becomes an episode."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.realsense_cameras import HEIGHT, WIDTH, config, record, until_gone
from support.recorder_rig import recorder, request
from support.recorder_rig import stream as stream_of
from support.synthetic_episode import NS, typestore

from teleop_collect import open_episode, topics
from teleop_collect.clock import SystemClock
from teleop_collect.devices.realsense.camera import RealSenseCamera
from teleop_collect.devices.realsense.smooth_images import SmoothImages
from teleop_collect.samples import Intrinsics, RgbdSample

COLOR = f"/{topics.color_topic('scene')}"
COLOR_INFO = f"/{topics.color_info_topic('scene')}"
DEPTH = f"/{topics.depth_topic('scene')}"
STREAMS = {
    s.topic: s
    for s in (
        stream_of(COLOR, topics.IMAGE, topics.StreamKind.COLOR, 30.0),
        stream_of(COLOR_INFO, topics.CAMERA_INFO, topics.StreamKind.CAMERA_INFO, 30.0),
        stream_of(DEPTH, topics.IMAGE, topics.StreamKind.DEPTH, 30.0),
    )
}


def header(stamp_ns: int) -> Any:
    types = typestore().types
    sec, nanosec = divmod(stamp_ns, NS)
    stamp = types["builtin_interfaces/msg/Time"](sec, nanosec)
    return types["std_msgs/msg/Header"](stamp, "scene_color_optical_frame")


def image(stamp_ns: int, pixels: np.ndarray, encoding: str) -> bytes:
    height, width = pixels.shape[:2]
    step = pixels.strides[0]
    flat = np.frombuffer(pixels.tobytes(), np.uint8)
    message = typestore().types[topics.IMAGE](
        header(stamp_ns), height, width, encoding, 0, step, flat
    )
    return bytes(typestore().serialize_cdr(message, topics.IMAGE))


def camera_info(stamp_ns: int, k: Intrinsics) -> bytes:
    types = typestore().types
    matrix = np.array([k.fx, 0, k.cx, 0, k.fy, k.cy, 0, 0, 1])
    projection = np.insert(matrix.reshape(3, 3), 3, 0, axis=1).ravel()
    roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    message = types[topics.CAMERA_INFO](
        header(stamp_ns), k.height, k.width, "plumb_bob", np.zeros(5), matrix,
        np.eye(3).ravel(), projection, 0, 0, roi,
    )  # fmt: skip
    return bytes(typestore().serialize_cdr(message, topics.CAMERA_INFO))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[RgbdSample], Any]:
    """Episode folder, the samples that went into it, and the images that were recorded."""
    folder = tmp_path_factory.mktemp("episode")
    recorded = record(folder / "camera.db3", 30, depth_scale_m=0.0001)
    clock = SystemClock()
    camera = RealSenseCamera(config(f"file://{folder / 'camera.db3'}"), clock)
    core = recorder(folder / "root", clock=clock, streams=STREAMS, compression="zstd")
    check = {"result": "pass", "at_ns": clock.utc_ns()}
    core.start(request(task_id="wave", rig_check=check))
    camera.connect()
    intrinsics = camera.intrinsics()
    samples = []
    for sample in until_gone(camera):
        samples.append(sample)
        for topic, data in (
            (COLOR, image(sample.stamp_ns, sample.color, "rgb8")),
            (COLOR_INFO, camera_info(sample.stamp_ns, intrinsics)),
            (DEPTH, image(sample.stamp_ns, sample.depth_mm, "16UC1")),
        ):
            core.offer(topic, data, core.anchored_ns(clock.utc_ns()))
    result = core.stop()
    core.close()
    return result.path, samples, recorded


def test_stamps_in_the_episode_are_those_of_the_exposures_and_none_lies_ahead(played):
    path, samples, _ = played
    with open_episode(path) as episode:
        color, depth = episode.times(COLOR), episode.times(DEPTH)
    stamps = [s.stamp_ns for s in samples]
    assert color.stamp_ns.tolist() == stamps
    assert depth.stamp_ns.tolist() == stamps
    assert all(color.log_ns >= color.stamp_ns)


def test_stamps_keep_the_spacing_that_the_camera_had(played):
    _, samples, recorded = played
    counters = [recorded[s.frame_number] * 1000 for s in samples]
    against_camera = np.diff([s.stamp_ns for s in samples]) - np.diff(counters)
    # The first images settle the offset; from then on the camera's clock alone decides.
    assert np.median(np.abs(against_camera)) < 2_000


def test_images_depth_units_and_intrinsics_reach_the_episode(played):
    path, samples, _ = played
    source = SmoothImages(WIDTH, HEIGHT)
    with open_episode(path) as episode:
        colors = [image for _, _, image in episode.iter_images(COLOR)]
        depths = [image for _, _, image in episode.iter_images(DEPTH)]
        raw = next(iter(episode.read_messages(COLOR_INFO)))
        info = episode.decode(COLOR_INFO, raw.data)
    assert len(colors) == len(depths) == len(samples) >= 20
    for sample, color, depth in zip(samples, colors, depths, strict=True):
        pixels, depth_mm = source.image(sample.frame_number)
        np.testing.assert_array_equal(color, pixels)
        # Recorded in units of 0.1 mm, in the episode in mm.
        seen = depth[depth > 0]
        assert seen.size > WIDTH * HEIGHT // 4
        assert set(np.unique(seen)) <= set(np.unique(depth_mm))
    assert (info.width, info.height) == (WIDTH, HEIGHT)
    assert list(info.k) == pytest.approx(
        [0.962 * WIDTH, 0, (WIDTH - 1) / 2, 0, 0.962 * WIDTH, (HEIGHT - 1) / 2, 0, 0, 1]
    )


def test_what_the_pipeline_lost_is_in_the_count(played):
    _, samples, _ = played
    numbers = [s.frame_number for s in samples]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 29
