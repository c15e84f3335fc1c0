"""Replays that would disturb a live rig, or of what is no episode, do not begin."""

from pathlib import Path

import pytest
from mcap.writer import Writer
from rclpy.serialization import serialize_message
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import JointState
from support.replays import replay
from support.synthetic_episode import write_episode
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.nodes.qos import profile

pytestmark = pytest.mark.timeout(240)

COMMAND, LEADER = "/follower/joint_trajectory", "/leader/joint_states"
DEEP = profile(topics.FAST_QOS, depth=10_000)


def bag_with_a_command(path: Path) -> Path:
    definition, _ = get_typestore(Stores.ROS2_JAZZY).generate_msgdef(
        topics.JOINT_TRAJECTORY, ros_version=2
    )
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2")
        schema = writer.register_schema(topics.JOINT_TRAJECTORY, "ros2msg", definition.encode())
        channel = writer.register_channel(COMMAND, "cdr", schema)
        data = serialize_message(JointTrajectory(joint_names=["elbow"]))
        writer.add_message(channel, log_time=1, data=data, publish_time=1)
        writer.finish()
    return path


def test_a_live_rig_is_not_talked_over(tmp_path, listener):
    folder = write_episode(tmp_path, duration_s=0.5, cameras=())
    listener.create_publisher(JointState, LEADER, DEEP)

    refused = replay(folder)

    assert refused.returncode == 2
    assert f"{LEADER} is being published by a running rig" in refused.stderr


def test_a_recorded_command_is_not_sent_to_a_driver(tmp_path, listener):
    listener.create_subscription(JointTrajectory, COMMAND, lambda message: None, DEEP)

    refused = replay(bag_with_a_command(tmp_path / "bag.mcap"))

    assert refused.returncode == 2
    assert "viewer_under_test listens to the recorded command" in refused.stderr


def test_a_missing_episode_ends_in_one_message(tmp_path, domain):
    missing = replay(tmp_path / "nothing", "--root", str(tmp_path))

    assert missing.returncode == 2
    assert missing.stderr.count("\n") == 1
