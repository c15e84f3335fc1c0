from pathlib import Path

import pytest
from support.rig_files import load_tiny

from teleop_collect import topics
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.streams import absolute, checked_streams, reader_depth, streams_of
from teleop_collect.topics import Qos, Stream, StreamKind


def test_the_table_of_a_rig_with_one_arm(tmp_path: Path):
    streams = streams_of(load_tiny(tmp_path).rig)
    assert [(s.topic, s.type.rsplit("/", 1)[1], s.expected_hz, s.required) for s in streams] == [
        ("leader/joint_states", "JointState", 200.0, True),
        ("follower/joint_states", "JointState", 200.0, True),
        ("teleop/action_requested", "JointState", 200.0, True),
        ("teleop/action_sent", "JointState", 200.0, True),
        ("follower/joint_trajectory", "JointTrajectory", 200.0, True),
        ("follower/wrench", "WrenchStamped", 500.0, True),
        ("robot_description", "String", None, False),
        ("cameras/scene/color/image_raw", "Image", 30.0, True),
        ("cameras/scene/color/camera_info", "CameraInfo", 30.0, True),
        ("cameras/scene/aligned_depth_to_color/image_raw", "Image", 30.0, True),
        ("cameras/scene/aligned_depth_to_color/camera_info", "CameraInfo", 30.0, True),
        ("objects/cube/pose", "PoseStamped", 50.0, True),
        ("objects/bin/pose", "PoseStamped", 50.0, True),
        ("teleop/status", "DiagnosticArray", 200.0, True),
        ("episode", "String", None, False),
        ("task", "String", None, False),
        ("episode/event", "String", None, False),
        ("rig_check/result", "String", None, False),
        ("/diagnostics", "DiagnosticArray", None, False),
        ("sim_operator/status", "String", None, False),
        ("sim/scene", "String", None, False),
    ]


def test_two_arms_have_their_own_topics_and_share_the_rigs():
    names = [s.topic for s in streams_of(load_rig("sim_bimanual").rig)]
    assert len(names) == len(set(names))
    assert {"left/leader/joint_states", "right/leader/joint_states"} <= set(names)
    assert {"left/follower/joint_trajectory", "right/follower/joint_trajectory"} <= set(names)
    assert names.count("teleop/status") == 1


def test_a_camera_without_depth_has_no_depth_topics(tmp_path: Path):
    rig = load_tiny(tmp_path, ("height: 48", "height: 48\n    depth: false")).rig
    assert [s.kind for s in streams_of(rig) if s.topic.startswith("cameras/")] == [
        StreamKind.COLOR,
        StreamKind.CAMERA_INFO,
    ]


def test_an_extra_stream_is_recorded_as_the_rig_file_says(tmp_path: Path):
    extra = "{type: sensor_msgs/msg/Imu, expected_hz: 100, required: true}"
    rig = load_tiny(tmp_path, ("recording:", f"streams:\n  /imu/data: {extra}\nrecording:")).rig
    assert streams_of(rig)[-1] == Stream(
        "/imu/data", "sensor_msgs/msg/Imu", StreamKind.OTHER, 100.0, True, topics.FAST_QOS
    )


def test_forward_position_commands_are_arrays(tmp_path: Path):
    edits = (
        ("    follower:\n      driver: sim", "    follower:\n      driver: ros2_control"),
        ("serial: F1", "serial: F1\n      command: forward_position"),
    )
    streams = {s.topic: s.type for s in streams_of(load_tiny(tmp_path, *edits).rig)}
    assert streams["follower/joint_trajectory"] == topics.FLOAT64_MULTI_ARRAY


def test_the_check_observes_devices_and_not_what_this_package_makes(tmp_path: Path):
    names = {s.topic for s in checked_streams(load_tiny(tmp_path).rig)}
    assert {"leader/joint_states", "follower/wrench", "robot_description"} <= names
    assert "cameras/scene/color/image_raw" in names
    assert not names & {"teleop/action_sent", "teleop/status", "episode", "/diagnostics"}
    assert "follower/joint_trajectory" not in names


@pytest.mark.parametrize(
    ("kind", "rate_hz", "depth"),
    [
        (StreamKind.JOINTS, 200.0, 400),
        (StreamKind.JOINTS, 1000.0, 2000),
        (StreamKind.JOINTS, 1.0, 100),
        (StreamKind.COLOR, 1.0, 10),
        (StreamKind.COLOR, 30.0, 30),
        (StreamKind.DEPTH, 90.0, 32),
        (StreamKind.COLOR, 300.0, 32),
        (StreamKind.LABEL, None, 100),
    ],
)
def test_reader_depth(kind: StreamKind, rate_hz: float | None, depth: int):
    assert reader_depth(Stream("x", "a/msg/B", kind, rate_hz, True, Qos(5))) == depth


def test_a_reader_is_never_shallower_than_its_publisher():
    stream = Stream("x", "a/msg/B", StreamKind.COLOR, 1.0, True, Qos(50))
    assert reader_depth(stream) == 50


@pytest.mark.parametrize(
    ("topic", "namespace", "expected"),
    [
        ("follower/wrench", "/", "/follower/wrench"),
        ("follower/wrench", "/cell_1", "/cell_1/follower/wrench"),
        ("follower/wrench", "cell_1/", "/cell_1/follower/wrench"),
        ("/diagnostics", "/cell_1", "/diagnostics"),
    ],
)
def test_absolute_names(topic: str, namespace: str, expected: str):
    assert absolute(topic, namespace) == expected
