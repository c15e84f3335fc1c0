"""An episode published again: the same bytes, and never beside a live rig."""

import pytest
from geometry_msgs.msg import WrenchStamped
from sensor_msgs.msg import JointState
from support.graph import wait_for
from support.lone_recorder import lone_recorder, start, stop
from support.replays import replay
from support.synthetic_episode import write_episode

from teleop_collect import topics
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile

pytestmark = pytest.mark.timeout(240)

COMMAND = "/follower/joint_trajectory"
WRENCH, LEADER = "/follower/wrench", "/leader/joint_states"
RECORDERS_OWN = {"/episode", "/task", "/episode/event", "/diagnostics"}
DEEP = profile(topics.FAST_QOS, depth=10_000)


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
