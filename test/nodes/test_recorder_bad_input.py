"""Streams that misbehave, over real DDS: recorded truthfully, told once, never the end."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from geometry_msgs.msg import WrenchStamped
from rclpy.node import Node
from sensor_msgs.msg import Image, JointState
from support.graph import RunningRig, wait_for
from support.lone_recorder import (
    ledger,
    lone_recorder,
    matched,
    publishing_node,
    start,
    stop,
    wait_for_events,
)

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes.conversions import time_message
from teleop_collect.nodes.qos import profile
from teleop_collect.recording.verify import verify
from teleop_collect.topics import Qos

WRENCH = "/follower/wrench"
COLOR = "/cameras/scene/color/image_raw"


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRig]:
    """One recorder for all tests here: whatever happens, it must serve the next one."""
    with lone_recorder(tmp_path_factory.mktemp("bad_input"), chunk_bytes="65536") as running:
        yield running


@pytest.fixture(autouse=True)
def no_episode_is_left(recorder: RunningRig) -> Iterator[None]:
    """A test that fails in an episode must not fail the others."""
    yield
    recorder.client.trigger(topics.DISCARD_EPISODE)


@pytest.fixture
def node(recorder: RunningRig) -> Iterator[Node]:
    with publishing_node() as node:
        yield node


@contextmanager
def wrenches(node: Node, qos: Qos = topics.FAST_QOS) -> Iterator[object]:
    publisher = node.create_publisher(WrenchStamped, "follower/wrench", profile(qos, 1000))
    matched(publisher)
    try:
        yield publisher
    finally:
        node.destroy_publisher(publisher)


def wrench(stamp_ns: int) -> WrenchStamped:
    message = WrenchStamped()
    message.header.stamp = time_message(stamp_ns)
    return message


def written(running: RunningRig, topic: str, count: int) -> None:
    """Wait until the live ledger has seen `count` messages of a topic."""
    statuses = running.client.diagnostics()

    def seen() -> bool:
        statuses.update(running.client.diagnostics())
        return statuses.get(f"recorder: {topic}", {}).get("received") == str(count)

    wait_for(seen, 20, f"{count} messages of {topic} on /diagnostics")


def told_of(running: RunningRig, topic: str, kind: str, count: int) -> list[dict[str, Any]]:
    """The first `count` events of a kind about a topic."""
    found: list[dict[str, Any]] = []

    def complete() -> bool:
        events = running.client.events()
        found.extend(e for e in events if (e.get("topic"), e["kind"]) == (topic, kind))
        return len(found) >= count

    wait_for(complete, 20, f"{count} events {kind} of {topic}")
    return found


def test_stamps_of_zero_from_the_future_and_repeated_are_kept_and_counted(recorder, node) -> None:
    with wrenches(node) as publisher:
        start(recorder)
        now_ns = time.time_ns()
        stamps = [now_ns, now_ns, 0, now_ns + 3600 * NS_PER_S, now_ns - NS_PER_S]
        for stamp_ns in stamps:
            publisher.publish(wrench(stamp_ns))
        written(recorder, WRENCH, len(stamps))
        told = told_of(recorder, WRENCH, "stamps", 4)
        folder = stop(recorder)
    assert sorted(e["problem"] for e in told) == ["future", "out_of_order", "repeated", "unstamped"]
    found = ledger(folder, WRENCH)
    assert (found["received"], found["written"], found["lost_transport"]) == (5, 5, 0)
    assert (found["duplicate_stamps"], found["unstamped"], found["future_stamps"]) == (1, 1, 1)
    assert (found["late"], found["out_of_order"]) == (1, 1)
    with open_episode(folder) as episode:
        kept = episode.read(WRENCH).times
    assert [int(s) for s in kept.stamp_ns] == stamps


def test_a_stream_that_stops_and_returns_is_told_once_each(recorder, node) -> None:
    with wrenches(node) as publisher:
        publisher.publish(wrench(1))
        start(recorder)
        recorder.client.events()
        wait_for_events(recorder, WRENCH, ["silent"])
        statuses = {}
        wait_for(
            lambda: (
                statuses.update(recorder.client.diagnostics())
                or statuses.get(f"recorder: {WRENCH}", {}).get("message") == "silent"
            ),
            20,
            "the silence on /diagnostics",
        )
        publisher.publish(wrench(2))
        wait_for_events(recorder, WRENCH, ["returned", "silent"])
        folder = stop(recorder)
    with open_episode(folder) as episode:
        events = [json.loads(text) for text in episode.read("/episode/event").values["data"]]
    kinds = [event["kind"] for event in events if event.get("topic") == WRENCH]
    assert kinds == ["silent", "returned", "silent"]
    assert ledger(folder, WRENCH)["lost_transport"] == 0


def test_a_topic_that_never_comes_is_one_gap_as_long_as_the_episode(recorder, node) -> None:
    start(recorder)
    recorder.client.events()
    wait_for_events(recorder, "/leader/joint_states", ["silent"])
    found = ledger(stop(recorder), "/leader/joint_states")
    assert (found["received"], found["written"], found["gaps"]) == (0, 0, 1)
    assert found["lost_transport"] == "unknown"
    assert found["max_gap_ms"] > 500


def test_a_topic_of_another_type_is_an_error_on_diagnostics(recorder, node) -> None:
    recorder.client.events()
    publisher = node.create_publisher(JointState, "follower/wrench", profile(topics.FAST_QOS))
    start(recorder)
    (told,) = told_of(recorder, WRENCH, "unreadable", 1)
    assert "published as sensor_msgs/msg/JointState" in told["message"]
    statuses = {}
    wait_for(
        lambda: (
            statuses.update(recorder.client.diagnostics())
            or "published as" in statuses.get("recorder: episode", {}).get("message", "")
        ),
        20,
        "the wrong type on /diagnostics",
    )
    folder = stop(recorder)
    node.destroy_publisher(publisher)
    assert ledger(folder, WRENCH)["received"] == 0
    wait_for(
        lambda: (
            statuses.update(recorder.client.diagnostics())
            or "published as" not in statuses["recorder: episode"]["message"]
        ),
        20,
        "the wrong type's end",
    )


def test_a_publisher_that_changes_its_qos_in_an_episode_is_followed(recorder, node) -> None:
    with wrenches(node) as publisher:
        start(recorder)
        publisher.publish(wrench(1))
        written(recorder, WRENCH, 1)
    with wrenches(node, Qos(depth=10, reliable=False)) as publisher:
        publisher.publish(wrench(2))
        written(recorder, WRENCH, 2)
        (told,) = told_of(recorder, WRENCH, "qos_changed", 1)
        folder = stop(recorder)
    assert (told["reliable"], told["latched"]) == (False, False)
    found = ledger(folder, WRENCH)
    assert (found["received"], found["written"], found["dropped_queue"]) == (2, 2, 0)
    assert found["lost_transport"] == "unknown"


def test_messages_larger_than_a_chunk_are_whole(recorder, node) -> None:
    publisher = node.create_publisher(Image, COLOR[1:], profile(topics.IMAGE_QOS))
    matched(publisher)
    start(recorder)
    pixels = bytes(range(256)) * 2000
    for number in range(3):
        message = Image(height=1, width=len(pixels), step=len(pixels), encoding="mono8")
        message.header.stamp.sec = number + 1
        message.data = pixels
        publisher.publish(message)
    written(recorder, COLOR, 3)
    folder = stop(recorder)
    node.destroy_publisher(publisher)
    with open_episode(folder) as episode:
        assert [bytes(m.data)[-len(pixels) :] for m in episode.read_messages(COLOR)] == [pixels] * 3
    assert verify(folder).problems == ()


def test_an_operator_who_stops_twice_is_told_and_the_episode_stands(recorder) -> None:
    start(recorder)
    folder = stop(recorder)
    again = recorder.client.trigger(topics.STOP_EPISODE)
    assert not again.success
    assert "no episode is being recorded" in again.message
    assert verify(folder).problems == ()


def test_practice_leaves_nothing_and_undo_moves_the_last_one(recorder) -> None:
    root = Path(recorder.session.log_dir).parents[1]
    before = sorted(p.name for p in (root / "episodes").iterdir())
    recorder.client.set_parameters("recorder", {"practice": True})
    assert start(recorder) == "practice"
    wait_for(
        lambda: recorder.client.state(topics.EPISODE).get("state") == "practice", 10, "practice"
    )
    assert "nothing was recorded" in recorder.client.trigger(topics.STOP_EPISODE).message
    recorder.client.set_parameters("recorder", {"practice": False})
    assert sorted(p.name for p in (root / "episodes").iterdir()) == before
    start(recorder)
    folder = stop(recorder)
    wait_for(
        lambda: recorder.client.state(topics.EPISODE).get("episodes") == len(before) + 1,
        10,
        "the counter",
    )
    answer = recorder.client.trigger(topics.UNDO_EPISODE)
    assert Path(answer.message) == root / "discarded" / folder.name
    assert sorted(p.name for p in (root / "episodes").iterdir()) == before
    assert not recorder.client.trigger(topics.UNDO_EPISODE).success
