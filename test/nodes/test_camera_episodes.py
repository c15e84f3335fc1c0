"""Cameras through their own node and the recorder's: a librealsense recording, played by the SDK's
pipeline, and an emulated camera that is unplugged meanwhile.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo
from support.graph import RunningRig, running_rig, wait_for
from support.lone_recorder import OVERRIDE, ledger, start, stop
from support.realsense_cameras import HEIGHT, WIDTH, record
from support.rehearsal import rehearsed

from teleop_collect import topics
from teleop_collect.devices.realsense.smooth_images import SmoothImages
from teleop_collect.devices.realsense.software_camera import SoftwareCamera
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes.camera import build
from teleop_collect.nodes.host import Host
from teleop_collect.process import StopSignal

pytestmark = pytest.mark.timeout(120)

FRAMES = 30
SETTLED_NS = 200_000_000
"""So long after a loss no image that was under way when it happened can still come."""
UNIT_M = 0.0001
COLOR, DEPTH = f"/{topics.color_topic('top')}", f"/{topics.depth_topic('top')}"
INFO, NUMBERS = f"/{topics.color_info_topic('top')}", f"/{topics.color_metadata_topic('top')}"


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A librealsense recording, and the camera's counter (us) by frame number."""
    path = tmp_path_factory.mktemp("recording") / "camera.db3"
    return path, record(path, FRAMES, depth_scale_m=UNIT_M)


@pytest.fixture(scope="module")
def rig(tmp_path_factory, recording):
    """The recorder of a rig with a played camera and an emulated one."""
    folder = tmp_path_factory.mktemp("cameras")
    serials = {"top": f"file://{recording[0]}", "side": "sim://side"}
    size = {"width": WIDTH, "height": HEIGHT, "fps": 30}
    cameras = {
        name: {"driver": "realsense", "serial": serial, **size} for name, serial in serials.items()
    }
    loaded = rehearsed(folder, "koch_v1_1", cameras=cameras)
    with running_rig(folder, str(loaded.path), ["recorder"]) as rig:
        rig.client.set_parameters("recorder", OVERRIDE)
        yield rig


@contextmanager
def running_camera(rig: RunningRig, name: str) -> Iterator[None]:
    """The node of one camera in this process, from when the recorder hears it.

    A recording plays once, so from a process of its own the first images would pass unheard.
    """
    stop = StopSignal()
    arguments = ["--ros-args", "-p", f"rig:={rig.loaded.path}", "-p", f"camera:={name}"]
    with Host(f"camera_{name}", arguments, stop) as host:
        camera = build(host)
        host.serve()
        for topic in (topics.color_topic(name), topics.color_metadata_topic(name)):
            wait_for(lambda t=topic: host.node.count_subscribers(t) > 0, 20, f"{topic} to be heard")
        thread = threading.Thread(target=camera.run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            camera.close()


@pytest.fixture(scope="module")
def played(rig, recording):
    """The episode, and the camera's counter (us) by frame number."""
    start(rig)
    with running_camera(rig, "top"):
        wait_for(lambda: "has ended" in error_told(rig, "top"), 60, "the end of the file")
    return stop(rig), recording[1]


def told(rig: RunningRig, name: str, key: str) -> str:
    """What the camera's row on /diagnostics says."""
    return rig.client.diagnostics().get(f"camera_{name}: camera {name}", {}).get(key, "")


def error_told(rig: RunningRig, name: str) -> str:
    """What is wrong with the camera, as its node says."""
    return told(rig, name, "error")


@pytest.fixture(scope="module")
def episode(played):
    with open_episode(played[0]) as episode:
        yield episode


@pytest.fixture(scope="module")
def numbers(episode):
    """What the node told of each image, by stamp."""
    told = [json.loads(text) for text in episode.read(NUMBERS).values["data"]]
    return {row["stamp_ns"]: row for row in told}


def test_every_image_from_the_first_to_the_last_is_there_or_counted_as_lost(
    played, episode, numbers
):
    stamps = episode.times(COLOR).stamp_ns.tolist()
    seen = [numbers[stamp]["frame_number"] for stamp in stamps]
    assert seen == sorted(set(seen))
    assert seen[-1] == FRAMES - 1
    assert len(seen) >= FRAMES // 2
    # The pipeline keeps the first images to itself, and leaves some out on a busy machine.
    holes = seen[-1] - seen[0] + 1 - len(seen)
    assert ledger(played[0], COLOR)["lost_device"] == holes
    assert ledger(played[0], COLOR)["lost_transport"] == 0


def test_stamps_are_those_of_the_exposures_and_keep_the_cameras_spacing(played, episode, numbers):
    times = episode.times(COLOR)
    assert episode.times(DEPTH).stamp_ns.tolist()[-1] == times.stamp_ns[-1]
    assert (times.log_ns >= times.stamp_ns).all()
    counters_us = [played[1][numbers[stamp]["frame_number"]] for stamp in times.stamp_ns.tolist()]
    against_camera_ns = np.diff(times.stamp_ns) - 1000 * np.diff(counters_us)
    # The first images settle the offset; from then on the camera's clock alone decides.
    assert np.median(np.abs(against_camera_ns)) < 2_000


def test_pixels_depth_units_and_intrinsics_are_the_cameras(episode, numbers):
    source = SmoothImages(WIDTH, HEIGHT)
    for stamp_ns, _, color in episode.iter_images(COLOR):
        pixels, _ = source.image(numbers[stamp_ns]["frame_number"])
        np.testing.assert_array_equal(color, pixels)
    for stamp_ns, _, depth in episode.iter_images(DEPTH):
        _, depth_mm = source.image(numbers[stamp_ns]["frame_number"])
        # Recorded in units of 0.1 mm, in the episode in mm.
        seen = depth[depth > 0]
        assert seen.size > WIDTH * HEIGHT // 4
        assert set(np.unique(seen)) <= set(np.unique(depth_mm))
    raw = next(iter(episode.read_messages(INFO)))
    info: CameraInfo = episode.decode(INFO, raw.data)
    assert (info.width, info.height) == (WIDTH, HEIGHT)
    assert list(info.k) == pytest.approx(
        [0.962 * WIDTH, 0, (WIDTH - 1) / 2, 0, 0.962 * WIDTH, (HEIGHT - 1) / 2, 0, 0, 1]
    )


def test_an_unplugged_camera_gives_nothing_stale_and_is_a_gap_in_the_ledger(rig, monkeypatch):
    made, begin = [], SoftwareCamera.start
    monkeypatch.setattr(
        SoftwareCamera, "start", lambda camera: made.append(camera) or begin(camera)
    )
    start(rig)
    with running_camera(rig, "side"):
        wait_for(lambda: bool(made) and made[0].number > 10, 20, "images")
        unplugged_ns = time.time_ns()
        made[0].unplug()
        wait_for(lambda: bool(error_told(rig, "side")), 20, "the loss")
        wait_for(lambda: time.time_ns() > unplugged_ns + 4 * SETTLED_NS, 20, "some time without")
        plugged_ns = time.time_ns()
        made[0].replug()
        wait_for(lambda: told(rig, "side", "message") == "reading", 20, "reading again")
        number = made[0].number
        wait_for(lambda: made[0].number > number + 5, 20, "images again")
    folder = stop(rig)
    made[0].close()

    color = f"/{topics.color_topic('side')}"
    with open_episode(folder) as episode:
        stamps = episode.times(color).stamp_ns
    assert (np.diff(stamps) > 0).all()
    assert not ((stamps > unplugged_ns + SETTLED_NS) & (stamps < plugged_ns)).any()
    assert (stamps > plugged_ns).any()
    assert ledger(folder, color)["gaps"] >= 1
    assert ledger(folder, color)["max_gap_ms"] >= (plugged_ns - unplugged_ns - SETTLED_NS) / 1e6
