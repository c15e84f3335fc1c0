"""Devices that other nodes drive: read from their topics, recorded under the usual names."""

from pathlib import Path

from support.rig_files import load_tiny

from teleop_collect import topics
from teleop_collect.rig.streams import published_streams

SCENE = (
    "  scene:\n    driver: sim\n    width: 64\n    height: 48\n    fovy_rad: 0.9\n",
    "  scene:\n    driver: topic\n    namespace: /camera/camera\n    width: 64\n    height: 48\n",
)


def streams(folder: Path, *edits: tuple[str, str]) -> dict:
    return {s.topic: s for s in published_streams(load_tiny(folder, *edits).rig)}


def test_a_camera_driven_by_realsense_ros(tmp_path: Path):
    found = streams(tmp_path, SCENE)
    for name in ("color/image_raw", "color/camera_info", "aligned_depth_to_color/image_raw"):
        assert found[f"cameras/scene/{name}"].read_from == f"/camera/camera/{name}"


def test_exactly_one_variant_of_each_image_is_recorded(tmp_path: Path):
    compressed = ("    height: 48\n", "    height: 48\n    transport: compressed\n")
    found = streams(tmp_path, compressed)
    images = {t: s.type for t, s in found.items() if "image_raw" in t}
    assert images == {
        "cameras/scene/color/image_raw/compressed": topics.COMPRESSED_IMAGE,
        "cameras/scene/aligned_depth_to_color/image_raw/compressedDepth": topics.COMPRESSED_IMAGE,
    }


def test_a_leader_that_another_node_reads(tmp_path: Path):
    leader = (
        "      serial: L1\n      port: sim://tiny\n      rate_hz: 200\n      servos:\n"
        "        shoulder: {id: 1, model: XL330-M288}\n"
        "        gripper: {id: 2, model: XL330-M288}\n",
        "      driver: topic\n      topic: /gello/joint_states\n      rate_hz: 25\n"
        "      joints: [shoulder, gripper]\n",
    )
    stream = streams(tmp_path, leader)["leader/joint_states"]
    assert (stream.read_from, stream.expected_hz) == ("/gello/joint_states", 25.0)


def test_a_sensor_that_another_node_publishes(tmp_path: Path):
    wrench = ("{rate_hz: 500, frame_id: tool}", "{rate_hz: 500, frame_id: tool, topic: /ft/wrench}")
    assert streams(tmp_path, wrench)["follower/wrench"].read_from == "/ft/wrench"
