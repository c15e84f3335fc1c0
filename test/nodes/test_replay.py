"""An episode published again: the same bytes, and never beside a live rig."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import rclpy
from geometry_msgs.msg import WrenchStamped
from mcap.writer import Writer
from rclpy.serialization import serialize_message
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import JointState
from support.graph import wait_for
from support.lone_recorder import lone_recorder, start, stop
from support.synthetic_episode import write_episode
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile

pytestmark = pytest.mark.timeout(240)

COMMAND = "/follower/joint_trajectory"
WRENCH, LEADER = "/follower/wrench", "/leader/joint_states"
RECORDERS_OWN = {"/episode", "/task", "/episode/event", "/diagnostics"}
DEEP = profile(topics.FAST_QOS, depth=10_000)


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch):
    number, lock = claim_free_domain()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    yield number
    lock.close()


@pytest.fixture
def listener(domain: int):
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node("viewer_under_test", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def replay(folder: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "teleop_collect.cli.main", "replay", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=150, env=os.environ)


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


def as_received(data: bytes) -> bytes:
    """Bytes as the middleware delivers them: whole words. What was recorded is so already; the
    synthetic episode was never sent."""
    return data + b"\0" * (-len(data) % 4)


def hear(subscription: PolledSubscription, count: int) -> list[bytes]:
    heard: list[bytes] = []

    def is_complete() -> bool:
        heard.extend(taken.message for taken in subscription.drain())
        return len(heard) >= count

    wait_for(is_complete, 20, f"{count} messages")
    return heard


def test_listeners_hear_the_recorded_bytes_in_order(tmp_path, listener):
    folder = write_episode(tmp_path, duration_s=1.0, cameras=())
    wrenches = PolledSubscription(listener, WrenchStamped, WRENCH, DEEP, raw=True)
    leader = PolledSubscription(listener, JointState, LEADER, DEEP, raw=True)

    played = replay(folder)

    assert played.returncode == 0, played.stderr
    with open_episode(folder) as episode:
        for topic, subscription in ((WRENCH, wrenches), (LEADER, leader)):
            recorded = [bytes(m.data) for m in episode.read_messages(topic)]
            assert hear(subscription, len(recorded)) == recorded


def test_a_replayed_episode_recorded_again_has_the_same_messages(tmp_path):
    folder = write_episode(tmp_path / "first", duration_s=1.0, cameras=("scene",))
    (tmp_path / "second").mkdir()

    with lone_recorder(tmp_path / "second") as recorder:
        start(recorder)
        played = replay(folder, "--rate", "0.5")  # so that a busy machine loses nothing
        assert played.returncode == 0, played.stderr
        again = stop(recorder)

    with open_episode(folder) as first, open_episode(again) as second:
        compared = [t for t, info in first.streams.items() if info.count and t not in RECORDERS_OWN]
        assert {WRENCH, LEADER, "/cameras/scene/color/image_raw"} < set(compared)
        for topic in compared:
            told = [as_received(bytes(m.data)) for m in first.read_messages(topic)]
            assert [bytes(m.data) for m in second.read_messages(topic)] == told, topic


def test_only_the_chosen_topics_and_part_are_published(tmp_path, listener):
    folder = write_episode(tmp_path, duration_s=0.5, cameras=())
    wrenches = PolledSubscription(listener, WrenchStamped, WRENCH, DEEP, raw=True)
    leader = PolledSubscription(listener, JointState, LEADER, DEEP, raw=True)

    span = ("--start", "0.1", "--end", "0.3")
    assert replay(folder, "--topics", "follower/wr*,!/leader/*", *span).returncode == 0

    with open_episode(folder) as episode:
        started_ns = episode.manifest["started_ns"]
        due = [
            bytes(m.data)
            for m in episode.read_messages(WRENCH)
            if 100_000_000 <= m.log_ns - started_ns <= 300_000_000
        ]
    assert len(due) == pytest.approx(100, abs=2)
    assert hear(wrenches, len(due)) == due
    assert list(leader.drain()) == []


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
