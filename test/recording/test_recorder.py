import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rosbags.rosbag2 import Reader
from support.faulty_file_system import files_below
from support.recorder_rig import (
    BIN,
    COLOR,
    CUBE,
    DEPTH,
    EVENT,
    JOINTS,
    NS,
    PASSED,
    SOFTWARE,
    image,
    joint_state,
    pose,
    recorder,
    request,
    string,
)

from teleop_collect.clock import FakeClock
from teleop_collect.episodes.labels import read_labels
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import BusyError, CheckFailed, ConfigError
from teleop_collect.provenance.manifest import read_manifest
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.mcap_writer import MAX_MESSAGE_BYTES
from teleop_collect.recording.recorder import EpisodeRecorder
from teleop_collect.recording.session import State
from teleop_collect.rig.description import urdf_sha256
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.streams import absolute, streams_of

T0 = 1_700_000_000 * NS
PERIOD = 5_000_000


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def record(core: EpisodeRecorder, clock: FakeClock, count: int = 200) -> list[tuple[str, bytes]]:
    """One second of joints, images and poses; returns what was offered."""
    sent = []

    def offer(topic: str, data: bytes, sequence: int) -> None:
        now = clock.utc_ns()
        core.offer(topic, data, core.anchored_ns(now), now - 1000, sequence)
        sent.append((topic, data))

    for n in range(count):
        now = clock.utc_ns()
        offer(JOINTS, joint_state(now, n), n + 1)
        if n % 6 == 0:
            offer(COLOR, image(now, bytes([n % 256]) * 100), n // 6 + 1)
            offer(DEPTH, image(now + 2_000_000, bytes([n % 256]) * 100), n // 6 + 1)
        if n % 4 == 0:
            offer(CUBE, pose(now, (0.5, 0.1, 0.05)), n // 4 + 1)
            offer(BIN, pose(now, (0.5, 0.1, 0.0)), n // 4 + 1)
        clock.advance_ns(PERIOD)
    return sent


def test_an_episode_from_start_to_published_folder(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, compression="zstd")
    episode_id = core.start(request(operator="op-7", scene_id="table_a", notes="first"))
    assert core.is_recording
    assert files_below(tmp_path / "inprogress") == [
        f"{episode_id}/{episode_id}.mcap.active",
        *(f"{episode_id}/{n}.part" for n in ("labels.jsonl", "manifest.json", "metadata.yaml")),
    ]
    assert not any((tmp_path / "episodes").iterdir())
    sent = record(core, clock)
    result = core.stop()
    core.close()
    assert result.path == tmp_path / "episodes" / episode_id
    assert files_below(tmp_path / "inprogress") == []
    assert files_below(result.path) == [
        f"{episode_id}.mcap",
        "labels.jsonl",
        "manifest.json",
        "metadata.yaml",
    ]
    with (result.path / f"{episode_id}.mcap").open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        got = [
            (channel.topic, bytes(message.data))
            for _, channel, message in reader.iter_messages(log_time_order=False)
        ]
        assert got == sent
        records = {m.name: m.metadata for m in reader.iter_metadata()}
        attached = {a.name: a.data for a in reader.iter_attachments()}
    assert list(records) == [
        "teleop_collect.episode_begin",
        "teleop_collect.episode_end",
        "rosbag2",
    ]
    assert records["teleop_collect.episode_begin"]["task_id"] == "pick_cube"
    assert records["teleop_collect.episode_end"]["termination"] == "stopped"
    assert attached["rig.yaml"] == b"schema: x\n"
    assert json.loads(attached["rig_check.json"])["result"] == "pass"


def test_the_manifest_states_exact_accounts(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request(operator="op-7", scene_id="table_a", notes="first"))
    record(core, clock)
    manifest = core.stop().manifest
    core.close()
    assert read_manifest(tmp_path / "episodes" / manifest.episode_id) == manifest
    assert (manifest.operator, manifest.site, manifest.license) == ("op-7", "lab", "CC-BY-4.0")
    assert manifest.task.instruction == "pick the cube"
    assert manifest.robot_serials == {"leader": "L-1", "follower": "F-1"}
    assert manifest.started_ns == T0
    assert manifest.started == "2023-11-14T22:13:20.000000000Z"
    assert manifest.duration_s == 1.0
    assert manifest.termination == "stopped"
    assert manifest.rig_check.result == "pass"
    joints = manifest.streams[JOINTS]
    assert (joints.received, joints.written, joints.dropped_queue) == (200, 200, 0)
    assert (joints.lost_transport, joints.gaps, joints.max_gap_ms) == (0, 0, 5.0)
    assert joints.mean_hz == 200.0
    depth = manifest.streams[DEPTH]
    assert depth.skew_ms.reference == COLOR
    assert (depth.skew_ms.p50, depth.skew_ms.max) == (2.0, 2.0)
    assert manifest.streams[EVENT].gaps == "unknown"


def test_other_tools_read_folder_and_file(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, compression="lz4")
    core.start(request())
    sent = record(core, clock, 20)
    result = core.stop()
    core.close()
    file = result.path / f"{result.path.name}.mcap"
    for path in (result.path, file):
        with Reader(path) as reader:
            assert reader.message_count == len(sent)
            assert reader.start_time == T0
            qos = {c.topic: c.ext.offered_qos_profiles for c in reader.connections}
            assert qos[JOINTS][0].depth == 10
            assert qos[JOINTS][0].reliability.name == "RELIABLE"
            assert len(list(reader.messages())) == len(sent)
    with file.open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        decoded = [m.position[0] for _, c, _, m in reader.iter_decoded_messages([JOINTS])]
    assert decoded == [float(n) for n in range(20)]


def test_publish_and_receive_times_and_sequence_are_kept(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    core.offer(JOINTS, joint_state(T0), T0 + 5, T0 + 3, 77)
    core.offer(EVENT, string("a"), T0 + 6)
    core.offer(EVENT, string("b"), T0 + 7)
    result = core.stop()
    core.close()
    with next(result.path.glob("*.mcap")).open("rb") as stream:
        found = [
            (m.log_time, m.publish_time, m.sequence)
            for _, _, m in make_reader(stream).iter_messages()
        ]
    assert found == [(T0 + 5, T0 + 3, 77), (T0 + 6, T0 + 6, 1), (T0 + 7, T0 + 7, 2)]
    assert result.manifest.streams[EVENT].lost_transport == "unknown"


def test_nothing_is_recorded_between_episodes(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    core.offer(JOINTS, joint_state(T0), T0)
    core.start(request())
    with pytest.raises(ConfigError, match="/nope is not one of the recorded"):
        core.offer("/nope", b"", T0)
    assert core.stop().manifest.streams[JOINTS].received == 0
    core.close()


@pytest.mark.parametrize("in_bin", [True, False, None])
@pytest.mark.parametrize("operator", [True, False, None])
def test_outcome_of_operator_and_predicate(
    tmp_path: Path, operator: bool | None, in_bin: bool | None
) -> None:
    core = recorder(tmp_path)
    core.start(request())
    if in_bin is not None:
        core.offer(BIN, pose(T0, (0.0, 0.0, 0.0)), T0)
        core.offer(CUBE, pose(T0, (0.0, 0.0, 0.05 if in_bin else 0.5)), T0)
    if operator is not None:
        core.label(operator, "because")
    outcome = core.stop().manifest.outcome
    core.close()
    assert outcome.operator_label is operator
    assert outcome.predicate_label is in_bin
    assert outcome.success is (in_bin if operator is None else operator)
    both = operator is not None and in_bin is not None
    assert outcome.agreement is ((operator == in_bin) if both else None)
    assert outcome.reason == (None if operator is None else "because")


def test_a_pose_that_stopped_coming_or_is_in_another_frame_decides_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    core.offer(BIN, pose(T0, (0.0, 0.0, 0.0)), T0)
    core.offer(CUBE, pose(T0, (0.0, 0.0, 0.05)), T0)
    clock.advance_ns(2 * NS)
    assert core.stop().manifest.outcome.predicate_label is None
    core.start(request())
    core.offer(BIN, pose(T0, (0.0, 0.0, 0.0)), clock.utc_ns())
    core.offer(CUBE, pose(T0, (0.0, 0.0, 0.05), "camera"), clock.utc_ns())
    assert core.stop().manifest.outcome.predicate_label is None
    core.close()


def test_a_label_after_stop_is_appended(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    core.start(request(task_id="wave"))
    result = core.stop()
    manifest_text = (result.path / "manifest.json").read_text()
    assert core.label(True) == result.path.name
    core.label(False, "dropped it")
    core.close()
    labels = read_labels(result.path)
    assert [(x.success, x.reason, x.operator) for x in labels] == [
        (True, None, "op-1"),
        (False, "dropped it", "op-1"),
    ]
    assert (result.path / "manifest.json").read_text() == manifest_text


def test_a_discarded_episode_leaves_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    record(core, clock, 10)
    core.discard()
    assert not core.is_recording
    assert list((tmp_path / "inprogress").iterdir()) == []
    assert list((tmp_path / "episodes").iterdir()) == []
    with pytest.raises(ConfigError, match="start one first"):
        core.label(True)
    core.start(request())
    core.stop()
    core.close()


def test_refusals_name_what_to_do(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    for changes, error, text in (
        ({"task_id": "nope"}, ConfigError, "it has: pick_cube, wave"),
        ({"operator": "Jane Doe"}, ConfigError, "no pseudonym"),
        ({"notes": "x" * 10_001}, ConfigError, "notes is longer than 10000"),
        ({"rig_check": None}, CheckFailed, "no rig check has run"),
        ({"rig_check": {"result": "fail", "at_ns": T0}}, CheckFailed, "says 'fail'"),
        ({"rig_check": {"result": "pass"}}, CheckFailed, "does not say when"),
        ({"rig_check": PASSED | {"at_ns": T0 - 86_401 * NS}}, CheckFailed, "86401 s old"),
        ({"rig_check": PASSED | {"at_ns": T0 + 61 * NS}}, CheckFailed, "-61 s old"),
        ({"rig_check": PASSED | {"rig_sha256": "1" * 64}}, CheckFailed, "another rig file"),
    ):
        with pytest.raises(error, match=text):
            core.start(request(**changes))
        assert core.state is State.IDLE
    with pytest.raises(ConfigError, match="start one first"):
        core.stop()
    core.start(request())
    with pytest.raises(BusyError, match="is being recorded"):
        core.start(request())
    core.stop()
    core.close()
    assert len(list((tmp_path / "episodes").iterdir())) == 1


def test_a_shipped_rig_brings_its_file_and_description(tmp_path: Path) -> None:
    loaded = load_rig("sim_tabletop")
    clock = FakeClock()
    streams = {absolute(s.topic): s for s in streams_of(loaded.rig)}
    core = EpisodeRecorder(loaded, tmp_path, clock, streams, SOFTWARE)
    core.start(request(rig_check=None, override="test: no rig is attached"))
    result = core.stop()
    core.close()
    manifest = result.manifest
    assert (manifest.rig, manifest.embodiment) == ("sim_tabletop", "demo_arm_6dof")
    assert manifest.robot_serials["follower"] == "SIM-0001"
    assert manifest.hashes.rig == loaded.sha256
    assert manifest.hashes.urdf == urdf_sha256(loaded.rig, loaded.path)
    assert list(manifest.streams) == list(streams)
    with (result.path / f"{result.path.name}.mcap").open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        attached = {a.name: a.data for a in reader.iter_attachments()}
        summary = reader.get_summary()
    assert attached["rig.yaml"].decode() == loaded.text
    assert attached["main.urdf"].startswith(b"<?xml")
    assert summary is not None
    assert all(schema.data for schema in summary.schemas.values())


def test_an_override_opens_the_gate_and_is_recorded(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    core.start(request(rig_check=None, override="jd: camera check is broken"))
    record_of = core.stop().manifest.rig_check
    core.close()
    assert record_of.result == "missing"
    assert record_of.override == "jd: camera check is broken"
    assert record_of.sha256 is None


def test_two_recorders_on_one_root(tmp_path: Path) -> None:
    first = recorder(tmp_path)
    with pytest.raises(BusyError, match="another recorder is using"):
        recorder(tmp_path)
    first.close()
    recorder(tmp_path).close()


def test_a_root_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"set recording\.root") as caught:
        recorder(tmp_path / "file" / "root")
    assert "Not a directory" in str(caught.value)


class SmallDisk(FileSystem):
    def __init__(self, free: int) -> None:
        self.free = free

    def free_bytes(self, path: Path) -> int:
        return self.free


def test_too_little_disk_refuses_to_start(tmp_path: Path) -> None:
    disk = SmallDisk(100 << 20)
    core = recorder(tmp_path, file_system=disk, min_free_bytes=200 << 20)
    with pytest.raises(CheckFailed, match="100 MiB free, 200 MiB needed"):
        core.start(request())
    disk.free = 300 << 20
    core.start(request())
    result = core.stop()
    with next(result.path.glob("*.mcap")).open("ab") as stream:
        stream.truncate(150 << 20)
    with pytest.raises(CheckFailed, match="300 MiB free, 450 MiB needed"):
        core.start(request())
    core.close()


def test_a_disk_that_fills_up_ends_the_episode_whole(tmp_path: Path) -> None:
    clock, disk = FakeClock(), SmallDisk(300 << 20)
    core = recorder(tmp_path, clock=clock, file_system=disk, min_free_bytes=200 << 20)
    core.start(request())
    record(core, clock, 20)
    disk.free = 99 << 20
    clock.advance_ns(2 * NS)
    wait_until(lambda: core.must_stop() == "fault")
    (event,) = [json.loads(e) for e in core.take_events()]
    assert event["kind"] == "fault"
    assert "99 MiB free, floor 100 MiB" in event["message"]
    assert core.must_stop() == "fault"
    assert core.take_events() == []
    manifest = core.stop("fault").manifest
    core.close()
    assert manifest.termination == "fault"
    assert "disk nearly full" in str(manifest.outcome.reason)
    assert manifest.streams[JOINTS].written == 20


def test_an_episode_that_lasts_too_long_asks_to_be_stopped(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, max_episode_s=10)
    assert core.must_stop() is None
    core.start(request())
    clock.advance_ns(10 * NS)
    assert core.must_stop() is None
    clock.advance_ns(1)
    assert core.must_stop() == "timeout"
    assert core.stop("timeout").manifest.termination == "timeout"
    core.close()


def test_clock_steps_are_told_counted_and_taken_out(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    for step_ns, told in ((3_600 * NS, True), (4_000_000, False), (-7_200 * NS, True)):
        clock.step_utc_ns(step_ns)
        clock.advance_ns(NS)
        assert core.must_stop() is None
        events = [json.loads(e) for e in core.take_events()]
        assert [e["kind"] for e in events] == ["clock_step"] * told
        if told:
            assert abs(events[0]["step_ms"] - step_ns / 1e6) < 5
    assert core.anchored_ns(clock.utc_ns()) == T0 + 3 * NS
    assert core.anchored_ns(clock.utc_ns() - 1000) == T0 + 3 * NS - 1000
    for other_side_of_a_step in (clock.utc_ns() + 1, clock.utc_ns() - 7_200 * NS):
        assert core.anchored_ns(other_side_of_a_step) == T0 + 3 * NS
    manifest = core.stop().manifest
    core.close()
    assert manifest.clock.steps == 2
    assert manifest.duration_s == 3.0


class StalledDisk(FileSystem):
    """Writes wait until released."""

    def __init__(self) -> None:
        self.stalled = False

    def writev(self, fd, buffers):
        while self.stalled:
            time.sleep(0.001)
        return super().writev(fd, buffers)


def test_a_message_that_no_reader_would_take_is_counted_and_told(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    core.start(request())
    core.offer(COLOR, bytes(MAX_MESSAGE_BYTES + 1), T0, T0, 1)
    core.offer(COLOR, bytes(MAX_MESSAGE_BYTES), T0, T0, 2)
    wait_until(lambda: core.queue_bytes == 0)
    core.watch_streams()
    result = core.stop()
    told = [e for e in map(json.loads, core.take_events()) if e["kind"] == "too_large"]
    core.close()
    stream = result.manifest.streams[COLOR]
    assert (stream.received, stream.written, stream.dropped_queue) == (2, 1, 1)
    assert [event["topic"] for event in told] == [COLOR]
    with open_episode(result.path) as episode:
        assert [len(m.data) for m in episode.read_messages(COLOR)] == [MAX_MESSAGE_BYTES]


def test_a_stalled_disk_costs_images_and_the_accounts_say_so(tmp_path: Path) -> None:
    disk, clock = StalledDisk(), FakeClock()
    core = recorder(tmp_path, clock=clock, file_system=disk, queue_bytes=1 << 20, chunk_bytes=4096)
    core.start(request())
    disk.stalled = True
    # Two images take the writer into the stalled disk; then nothing leaves the queue.
    big = image(T0, bytes(400_000))
    for n in range(50):
        core.offer(COLOR, big, T0 + n, T0, n + 1)
        core.offer(DEPTH, big, T0 + n, T0, n + 1)
        core.offer(JOINTS, joint_state(T0 + n, n), T0 + n, T0, n + 1)
    # Neither the loop that drains nor the operator's commands wait for the disk.
    assert core.label(True)
    assert core.must_stop() is None
    assert {s.topic for s in core.live_streams() if s.dropped_queue} == {COLOR, DEPTH}
    disk.stalled = False
    wait_until(lambda: core.queue_bytes == 0)
    core.offer(COLOR, big, T0 + 100, T0, 51)
    core.offer(DEPTH, big, T0 + 100, T0, 51)
    events = core.take_events()
    manifest = core.stop().manifest
    events += core.take_events()
    core.close()
    joints, color, depth = (manifest.streams[t] for t in (JOINTS, COLOR, DEPTH))
    assert (joints.received, joints.written, joints.dropped_queue) == (50, 50, 0)
    for stream in (color, depth):
        assert stream.received == 51
        assert stream.received == stream.written + stream.dropped_queue
        assert stream.lost_transport == 0
    assert depth.dropped_queue > 0
    assert color.dropped_queue > 0
    told = {COLOR: 0, DEPTH: 0}
    for event in map(json.loads, events):
        assert event["kind"] == "dropout"
        told[event["topic"]] += event["count"]
    assert told == {COLOR: color.dropped_queue, DEPTH: depth.dropped_queue}


def test_events_are_json_with_episode_and_time(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    episode_id = core.start(request())
    assert json.loads(core.event("mark", text="here")) == {
        "kind": "mark",
        "episode_id": episode_id,
        "at": "2023-11-14T22:13:20.000000000Z",
        "at_ns": T0,
        "text": "here",
    }
    core.stop()
    core.close()


def test_closing_finishes_a_running_episode(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    core.start(request())
    result = core.close()
    assert result is not None
    assert result.manifest.termination == "stopped"
    assert core.close() is None
