"""The whole graph of the simulated rig, as an operator uses it: real processes, real DDS."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import rclpy
from mcap_ros2.reader import read_ros2_messages
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import Reader
from support.graph import RunningRig, running_rig, wait_for, wait_for_check
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.episodes.reader import open_episode
from teleop_collect.episodes.success import evaluate
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.recording.verify import verify
from teleop_collect.rig.runtime import control_socket
from teleop_collect.rig.task_config import ObjectInBox

pytestmark = pytest.mark.timeout(240)

REQUESTED, SENT = "/teleop/action_requested", "/teleop/action_sent"
COMMAND = "/follower/joint_trajectory"
COMMANDS = 40_000
"""More than come in the longest episode."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    """As on a day on which the rig was checked before."""
    with running_rig(tmp_path_factory.mktemp("graph"), checked=True) as running:
        wait_for(
            lambda: running.client.state(topics.SIM_OPERATOR_STATUS).get("state") == "idle",
            60,
            "the scripted operator",
        )
        yield running


class Command(NamedTuple):
    """What the follower is told at one tick."""

    stamp_ns: int
    names: tuple[str, ...]
    positions: tuple[float, ...]
    velocities: tuple[float, ...]


class CommandListener:
    """Hears what a follower hears, through a subscription of its own."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self._node = rclpy.create_node("follower_under_test", context=self._context)
        qos = profile(topics.FAST_QOS, depth=COMMANDS)
        self._subscription = PolledSubscription(
            self._node, JointTrajectory, COMMAND.strip("/"), qos
        )

    def commands(self) -> list[Command]:
        """All that has come, in order."""
        found = []
        for taken in self._subscription.drain(limit=COMMANDS):
            (point,) = taken.message.points
            stamp_ns = conversions.stamp_ns(taken.message.header.stamp)
            names, positions = tuple(taken.message.joint_names), tuple(point.positions)
            found.append(Command(stamp_ns, names, positions, tuple(point.velocities)))
        return found

    def close(self) -> None:
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)


def engage_and_start(rig: RunningRig) -> str:
    wait_for_check(rig)
    assert rig.client.trigger(topics.SIM_RESET).success
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    # An arm that was disarmed in motion may still be slowing down.
    wait_for(
        lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging to work"
    )
    started = rig.client.trigger(topics.START_EPISODE)
    assert started.success, started.message
    return started.message


class Performed(NamedTuple):
    """An episode, what a follower heard meanwhile, and the task it was."""

    folder: Path
    heard: list[Command]
    success: ObjectInBox


@pytest.fixture(scope="module")
def episode(rig):
    """One performed episode."""
    success = rig.loaded.rig.tasks["pick_cube"].success
    listener = CommandListener()
    episode_id = engage_and_start(rig)
    done = {"state": "done", "episode_id": episode_id}
    wait_for(
        lambda: done.items() <= rig.client.state(topics.SIM_OPERATOR_STATUS).items(),
        90,
        "the operator to finish",
    )
    rig.client.set_bool(topics.LABEL_SUCCESS, bool(evaluate(success, rig.client.poses())))
    folder = Path(rig.client.trigger(topics.STOP_EPISODE).message)
    heard = listener.commands()
    listener.close()
    return Performed(folder, heard, success)


def test_every_required_stream_is_recorded_without_loss(episode):
    manifest = json.loads((episode.folder / "manifest.json").read_text())

    for topic, stream in manifest["streams"].items():
        assert stream["received"] == stream["written"] + stream["dropped_queue"], topic
        assert stream["dropped_queue"] == 0, topic
        if stream["required"]:
            assert stream["written"] > 10, topic
            assert stream["lost_transport"] == 0, topic
    assert manifest["termination"] == "stopped"
    assert manifest["rig_check"]["result"] == "pass"


def test_the_label_agrees_with_the_true_pose(episode):
    manifest = json.loads((episode.folder / "manifest.json").read_text())
    with open_episode(episode.folder) as opened:
        cube = opened.read("/objects/cube/pose").values["position_m"][-1]
        box = opened.read("/objects/bin/pose").values["position_m"][-1]
    offset = cube - box - np.array(episode.success.center_m)
    inside = bool((np.abs(offset) <= np.array(episode.success.size_m) / 2).all())

    assert manifest["outcome"]["success"] is inside
    assert manifest["outcome"]["agreement"] is True


def during(heard: list[Command], recorded: list[Command]) -> list[Command]:
    """What was heard while it was recorded."""
    assert len(recorded) > 500
    first_ns, last_ns = recorded[0].stamp_ns, recorded[-1].stamp_ns
    return [command for command in heard if first_ns <= command.stamp_ns <= last_ns]


def recorded_stamp_ns(message) -> int:
    return message.header.stamp.sec * NS_PER_S + message.header.stamp.nanosec


def test_the_follower_heard_exactly_the_recorded_action_sent(episode):
    with open_episode(episode.folder) as opened:
        messages = [opened.decode(SENT, m.data) for m in opened.read_messages(SENT)]
    recorded = [
        Command(recorded_stamp_ns(m), tuple(m.name), tuple(m.position), tuple(m.velocity))
        for m in messages
    ]

    assert during(episode.heard, recorded) == recorded


def test_the_follower_heard_exactly_the_recorded_command(episode):
    with open_episode(episode.folder) as opened:
        messages = [opened.decode(COMMAND, m.data) for m in opened.read_messages(COMMAND)]
    recorded = [
        Command(recorded_stamp_ns(m), tuple(m.joint_names), tuple(p.positions), tuple(p.velocities))
        for m in messages
        for p in m.points
    ]

    assert during(episode.heard, recorded) == recorded


def test_the_verifier_finds_nothing_wrong_with_the_episode(episode):
    found = verify(episode.folder)

    assert found.problems == ()
    assert found.messages > 5000


def test_the_follower_moved_as_it_was_told(episode):
    with open_episode(episode.folder) as opened:
        sent, measured = opened.read(SENT), opened.read("/follower/joint_states")
    pan_sent = sent.values["position"][:, sent.names.index("shoulder_pan")]
    pan = measured.values["position"][:, measured.names.index("shoulder_pan")]

    assert np.ptp(pan_sent) > 0.3
    at_measured = np.interp(measured.stamp_ns, sent.stamp_ns, pan_sent)
    assert np.abs(at_measured - pan).max() < 0.2


def test_independent_readers_open_folder_and_file(episode):
    folder = episode.folder
    manifest = json.loads((folder / "manifest.json").read_text())
    written = sum(stream["written"] for stream in manifest["streams"].values())

    with Reader(folder) as bag:
        assert bag.message_count == written
    with AnyReader([next(folder.glob("*.mcap"))]) as bag:
        connection = next(c for c in bag.connections if c.topic == SENT)
        _, _, raw = next(bag.messages([connection]))
        assert "gripper" in bag.deserialize(raw, connection.msgtype).name
    decoded = list(read_ros2_messages(str(next(folder.glob("*.mcap"))), topics=[SENT]))
    assert len(decoded) == manifest["streams"][SENT]["written"]


def test_an_unplugged_leader_holds_the_arm_and_ends_the_episode_as_fault(rig):
    episode_id = engage_and_start(rig)
    emulator = EmulatorClient(control_socket("sim://leader_main"))
    wait_for(
        lambda: (
            rig.client.state(topics.SIM_OPERATOR_STATUS)
            == {
                **rig.client.state(topics.SIM_OPERATOR_STATUS),
                "state": "performing",
                "episode_id": episode_id,
            }
        ),
        30,
        "the operator to move",
    )
    emulator.unplug()
    try:
        wait_for(
            lambda: rig.client.state(topics.EPISODE).get("ended") == "fault",
            20,
            "the recorder to end the episode",
        )
    finally:
        emulator.plug()

    folder = Path(rig.client.state(topics.EPISODE)["path"])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["episode_id"], manifest["termination"]) == (episode_id, "fault")
    with open_episode(folder) as opened:
        events = [json.loads(text) for text in opened.read("/episode/event").values["data"]]
        states = [e["to"] for e in events if e["kind"] == "teleop"]
        sent = opened.read(SENT).values["position"]
    assert states[-2:] == ["HOLD", "FAULT"]
    assert np.abs(sent[-1] - sent[-3]).max() < 1e-6, "the arm had come to rest"


def test_after_a_fault_a_person_must_disarm_and_engage_again(rig):
    """Runs after the unplugging: the leader is back, the stop is still latched."""
    refused = rig.client.set_bool(topics.TELEOP_ENGAGE, True)
    assert not refused.success

    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    wait_for(
        lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging to work"
    )


def test_a_software_stop_is_latched(rig):
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    wait_for(
        lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging to work"
    )

    assert rig.client.trigger(topics.TELEOP_STOP).success

    assert not rig.client.set_bool(topics.TELEOP_ENGAGE, True).success
    assert "FAULT" in rig.log("teleop")


def test_a_discarded_episode_leaves_nothing(rig):
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    episode_id = engage_and_start(rig)

    assert rig.client.trigger(topics.DISCARD_EPISODE).success

    root = rig.session.log_dir.parents[1]
    assert not list(root.glob(f"*/{episode_id}"))
