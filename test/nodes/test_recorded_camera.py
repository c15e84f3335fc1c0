"""A librealsense recording, played through the SDK's pipeline by the camera's node, becomes an
episode of the recorder's node.
"""

import json
import threading

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo
from support.graph import RunningRig, running_rig, wait_for
from support.lone_recorder import OVERRIDE, ledger, start, stop
from support.realsense_cameras import HEIGHT, WIDTH, record
from support.rehearsal import rehearsed

from teleop_collect import topics
from teleop_collect.devices.realsense.smooth_images import SmoothImages
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes.camera import build
from teleop_collect.nodes.host import Host
from teleop_collect.process import StopSignal

pytestmark = pytest.mark.timeout(120)

FRAMES = 30
UNIT_M = 0.0001
COLOR, DEPTH = f"/{topics.color_topic('top')}", f"/{topics.depth_topic('top')}"
INFO, NUMBERS = f"/{topics.color_info_topic('top')}", f"/{topics.color_metadata_topic('top')}"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The episode, and the camera's counter (us) by frame number."""
    folder = tmp_path_factory.mktemp("played")
    recorded = record(folder / "camera.db3", FRAMES, depth_scale_m=UNIT_M)
    serial = f"file://{folder / 'camera.db3'}"
    camera = {"driver": "realsense", "serial": serial, "width": WIDTH, "height": HEIGHT, "fps": 30}
    loaded = rehearsed(folder, "koch_v1_1", cameras={"top": camera})
    with running_rig(folder, str(loaded.path), ["recorder"]) as rig:
        rig.client.set_parameters("recorder", OVERRIDE)
        start(rig)
        play(rig)
        yield stop(rig), recorded


def play(rig: RunningRig) -> None:
    """Run the camera's node to the end of the file, beginning when the recorder hears it.

    It plays once, so in a process of its own the first images would pass unheard.
    """
    stop = StopSignal()
    arguments = ["--ros-args", "-p", f"rig:={rig.loaded.path}", "-p", "camera:=top"]
    with Host("camera_top", arguments, stop) as host:
        camera = build(host)
        host.serve()
        for topic in (COLOR, DEPTH, INFO, NUMBERS):
            wait_for(lambda t=topic: host.node.count_subscribers(t) > 0, 20, f"{topic} to be heard")
        thread = threading.Thread(target=camera.run)
        thread.start()
        try:
            wait_for(lambda: "has ended" in error_told(rig), 60, "the end of the file")
        finally:
            stop.set()
            thread.join()
            camera.close()


def error_told(rig: RunningRig) -> str:
    """What the camera's row on /diagnostics says."""
    return rig.client.diagnostics().get("camera_top: camera top", {}).get("error", "")


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
