"""The camera node with an emulated RealSense behind the real SDK."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import rclpy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String
from support.graph import running_rig, wait_for
from support.rehearsal import rehearsed

from teleop_collect import topics
from teleop_collect.cli.supervisor import Supervisor
from teleop_collect.devices.realsense.geometry import Distortion
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.processes import processes_of
from teleop_collect.samples import Intrinsics

pytestmark = pytest.mark.timeout(120)

SIZE = {"width": 320, "height": 240}
TOP, COLOR_ONLY = "top", "side"
CAMERAS = {
    TOP: {"driver": "realsense", "serial": "sim://top", **SIZE, "fps": 30},
    COLOR_ONLY: {"driver": "realsense", "serial": "sim://side", **SIZE, "fps": 15, "depth": False},
}


class Viewer:
    """Subscribes to what a test names."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self.node = rclpy.create_node("viewer_under_test", context=self._context)

    def subscribe(self, kind: type, topic: str, qos=topics.IMAGE_QOS) -> PolledSubscription:
        return PolledSubscription(self.node, kind, topic, profile(qos, depth=100), raw=True)

    def first(self, kind: type, topic: str, qos=topics.IMAGE_QOS):
        subscription = self.subscribe(kind, topic, qos)
        found: list = []
        wait_for(
            lambda: bool(found or found.extend(t.message for t in subscription.drain()) or found),
            20,
            topic,
        )
        subscription.close()
        return deserialize_message(found[0], kind)

    def close(self) -> None:
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cameras")
    loaded = rehearsed(folder, "koch_v1_1", cameras=CAMERAS)
    with running_rig(
        folder, str(loaded.path), [f"camera_{TOP}", f"camera_{COLOR_ONLY}"]
    ) as running:
        yield running


@pytest.fixture(scope="module")
def viewer(rig):
    viewer = Viewer()
    yield viewer
    viewer.close()


def test_colour_and_aligned_depth_come_under_realsense_ros_names(viewer):
    color = viewer.first(Image, topics.color_topic(TOP))
    depth = viewer.first(Image, topics.depth_topic(TOP))
    assert (color.encoding, color.width, color.height) == ("rgb8", 320, 240)
    assert (depth.encoding, depth.width, depth.height) == ("16UC1", 320, 240)
    assert color.header.frame_id == depth.header.frame_id == f"{TOP}_color_optical_frame"
    assert color.header.stamp.sec > 1_700_000_000


def test_camera_info_and_geometry_are_the_devices_own(viewer):
    info = viewer.first(CameraInfo, topics.color_info_topic(TOP))
    geometry = json.loads(viewer.first(String, topics.geometry_topic(TOP), topics.LATCHED_QOS).data)
    assert (info.width, info.height) == (320, 240)
    assert info.k[0] == pytest.approx(geometry["color"]["fx"])
    assert geometry["depth_scale_m"] == pytest.approx(0.001)
    assert np.array(geometry["color_from_depth"]).shape == (4, 4)


def test_compressed_siblings_are_made_when_somebody_subscribes(viewer):
    jpeg = viewer.first(CompressedImage, topics.compressed(topics.color_topic(TOP)))
    png = viewer.first(CompressedImage, topics.compressed_depth(topics.depth_topic(TOP)))
    assert jpeg.format == "rgb8; jpeg compressed bgr8"
    assert cv2.imdecode(np.frombuffer(bytes(jpeg.data), np.uint8), -1).shape == (240, 320, 3)
    assert png.format == "16UC1; compressedDepth png"
    depth = cv2.imdecode(np.frombuffer(bytes(png.data)[12:], np.uint8), -1)
    assert (depth.dtype, depth.shape) == (np.uint16, (240, 320))


def test_a_camera_without_depth_publishes_none(viewer):
    assert viewer.first(Image, topics.color_topic(COLOR_ONLY)).width == 320
    assert viewer.node.count_publishers(topics.depth_topic(COLOR_ONLY)) == 0


def test_each_camera_has_a_process_and_a_node_of_its_own(rig, viewer):
    assert set(rig.session.supervisor.children) == {f"camera_{TOP}", f"camera_{COLOR_ONLY}"}
    wait_for(
        lambda: {f"camera_{TOP}", f"camera_{COLOR_ONLY}"} <= set(viewer.node.get_node_names()),
        10,
        "both nodes",
    )


def test_a_camera_that_is_no_realsense_is_refused_by_name(tmp_path: Path):
    loaded = rehearsed(tmp_path, "koch_v1_1", cameras=CAMERAS)
    (process,) = [p for p in processes_of(loaded) if p.name == f"camera_{TOP}"]
    with Supervisor(tmp_path / "logs", {}) as supervisor:
        supervisor.start([process], {process.name: {"camera": "nope"}})
        wait_for(lambda: supervisor.ended() is not None, 30, "the node to end")
        ended = supervisor.ended()
        assert ended.handle.returncode == 2
        assert "no camera 'nope' with driver 'realsense' (known: top, side)" in ended.last_lines()


def test_camera_info_has_the_devices_distortion():
    distortion = Distortion("brown_conrady", (0.1, -0.2, 0.001, 0.002, 0.05))
    values = Intrinsics(640, 480, 600.0, 601.0, 320.0, 240.0)
    found = conversions.camera_info(
        values, "optical", distortion.ros_model, distortion.coefficients
    )
    assert (found.distortion_model, list(found.d)) == ("plumb_bob", [0.1, -0.2, 0.001, 0.002, 0.05])
