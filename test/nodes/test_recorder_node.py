"""What is in the file is what was published: the recorder as a process, over real DDS."""

import json
import signal
from pathlib import Path

import pytest
import rclpy
from geometry_msgs.msg import WrenchStamped
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from support.graph import RunningRig, running_rig, wait_for

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.episodes.reader import open_episode
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import processes_of

COUNT = 400
SENT = 6001
"""Messages to a recorder that is stopped."""
WRENCH = "/follower/wrench"
LEADER = "/leader/joint_states"


@pytest.fixture
def recorder(tmp_path: Path):
    """A recorder alone; it writes uncompressed, so tests can look for bytes in its open file."""
    rig = tmp_path / "rig.yaml"
    text = load_rig("sim_tabletop").text
    rig.write_text(text.replace("compression: zstd", "compression: none"))
    with running_rig(tmp_path, str(rig), only=["recorder"]) as running:
        yield running


@pytest.fixture
def publisher_node():
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node("publisher_under_test", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def numbered_wrench(number: int) -> bytes:
    message = WrenchStamped()
    message.header.stamp.sec = 1_700_000_000
    message.header.stamp.nanosec = number * 2_000_000
    message.header.frame_id = f"frame_{number}"
    message.wrench.force.x = float(number)
    return serialize_message(message)


def start(running: RunningRig) -> str:
    override = {"check_override": "test: no rig is attached"}
    running.client.set_parameters("recorder", override)
    answer = running.client.trigger(topics.START_EPISODE)
    assert answer.success, answer.message
    return answer.message


def active_file_holds(running: RunningRig, data: bytes) -> bool:
    """Whether a message is in the open episode's file already."""
    root = running.session.log_dir.parents[1]
    return any(data in path.read_bytes() for path in root.glob("inprogress/*/*.mcap.active"))


def matched(publisher) -> None:
    wait_for(lambda: publisher.get_subscription_count() > 0, 20, "the recorder's subscription")


def test_without_a_rig_check_recording_is_refused(recorder):
    answer = recorder.client.trigger(topics.START_EPISODE)

    assert not answer.success
    assert "rig check" in answer.message
    assert list((recorder.session.log_dir.parents[1] / "episodes").iterdir()) == []


def test_every_published_byte_is_in_the_file_in_order(recorder, publisher_node):
    qos = profile(topics.FAST_QOS, depth=COUNT)
    wrenches = publisher_node.create_publisher(WrenchStamped, "follower/wrench", qos)
    joints = publisher_node.create_publisher(JointState, "leader/joint_states", qos)
    matched(wrenches)
    matched(joints)
    sent_wrenches = [numbered_wrench(n) for n in range(COUNT)]
    sent_joints = [
        serialize_message(JointState(name=["a"], position=[float(n)])) for n in range(COUNT)
    ]
    start(recorder)

    loop = PacedLoop(1000, SystemClock())
    for wrench, joint in zip(sent_wrenches, sent_joints, strict=True):
        loop.wait()
        wrenches.publish(wrench)
        joints.publish(joint)
    folder = Path(recorder.client.trigger(topics.STOP_EPISODE).message)

    with open_episode(folder) as episode:
        assert [bytes(m.data) for m in episode.read_messages(WRENCH)] == sent_wrenches
        assert [bytes(m.data) for m in episode.read_messages(LEADER)] == sent_joints
    ledger = json.loads((folder / "manifest.json").read_text())["streams"][WRENCH]
    assert (ledger["received"], ledger["written"]) == (COUNT, COUNT)
    assert (ledger["dropped_queue"], ledger["lost_transport"]) == (0, 0)


def test_what_a_stalled_recorder_misses_is_counted_exactly(recorder, publisher_node):
    """The publisher keeps ten messages: it has forgotten most before the recorder wakes.

    There are many more of them than the transport's own queue holds (2048, config/dds); that the
    reader overflows, too, depends on how fast it is drained.
    """
    wrenches = publisher_node.create_publisher(
        WrenchStamped, "follower/wrench", profile(topics.FAST_QOS)
    )
    matched(wrenches)
    start(recorder)
    process = recorder.session.supervisor.children["recorder"].handle
    wrenches.publish(numbered_wrench(0))
    wait_for(lambda: active_file_holds(recorder, numbered_wrench(0)), 10, "the first message")

    process.send_signal(signal.SIGSTOP)
    for number in range(1, SENT):
        wrenches.publish(numbered_wrench(number))
    process.send_signal(signal.SIGCONT)
    wait_for(lambda: active_file_holds(recorder, numbered_wrench(SENT - 1)), 20, "the last message")
    folder = Path(recorder.client.trigger(topics.STOP_EPISODE).message)

    ledger = json.loads((folder / "manifest.json").read_text())["streams"][WRENCH]
    assert ledger["received"] == ledger["written"] < SENT
    assert ledger["received"] + ledger["lost_transport"] == SENT


def test_a_latched_message_from_before_the_start_stands_in_every_episode(recorder, publisher_node):
    from std_msgs.msg import String

    latched = publisher_node.create_publisher(
        String, topics.ROBOT_DESCRIPTION, profile(topics.LATCHED_QOS)
    )
    latched.publish(String(data="<robot name='x'/>"))
    matched(latched)

    for _ in range(2):
        start(recorder)
        folder = Path(recorder.client.trigger(topics.STOP_EPISODE).message)
        with open_episode(folder) as episode:
            assert list(episode.read("/robot_description").values["data"]) == ["<robot name='x'/>"]


def test_an_override_is_marked_in_the_manifest(recorder):
    start(recorder)

    folder = Path(recorder.client.trigger(topics.STOP_EPISODE).message)

    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["rig_check"]["result"] == "missing"
    assert manifest["rig_check"]["override"] == "test: no rig is attached"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_two_signals_during_an_episode_finish_it(recorder, publisher_node, sent):
    wrenches = publisher_node.create_publisher(
        WrenchStamped, "follower/wrench", profile(topics.FAST_QOS, depth=COUNT)
    )
    matched(wrenches)
    episode_id = start(recorder)
    for number in range(10):
        wrenches.publish(numbered_wrench(number))
    recorder.client.set_bool(topics.LABEL_SUCCESS, True)
    child = recorder.session.supervisor.children["recorder"].handle

    child.send_signal(sent)
    child.send_signal(sent)

    assert child.wait(timeout=20) == 0
    folder = recorder.session.log_dir.parents[1] / "episodes" / episode_id
    with open_episode(folder) as episode:
        assert episode.manifest["termination"] == "stopped"
        assert episode.manifest["outcome"]["operator_label"] is True
        assert episode.streams[WRENCH].count == 10


def test_a_topic_of_another_type_is_reported_and_does_not_end_the_recorder(
    recorder, publisher_node
):
    publisher_node.create_publisher(JointState, "follower/wrench", profile(topics.FAST_QOS))
    start(recorder)

    answer = recorder.client.trigger(topics.STOP_EPISODE)

    assert answer.success
    manifest = json.loads((Path(answer.message) / "manifest.json").read_text())
    assert manifest["streams"][WRENCH]["received"] == 0


def test_a_second_recorder_on_the_same_root_is_refused(recorder):
    root = recorder.session.log_dir.parents[1]
    process = next(p for p in processes_of(recorder.loaded) if p.name == "recorder")
    second = recorder.session.supervisor
    first = second.children["recorder"]
    second.start([process], {"recorder": {"root": str(root)}})

    rival = second.children["recorder"]
    assert rival.handle.wait(timeout=20) == 2
    assert "another recorder is using" in rival.last_lines()
    first.signal(signal.SIGINT)
    assert first.handle.wait(timeout=20) == 0
