"""Where an episode begins: with the operator's key, or a pre-roll before it, to the message."""

from pathlib import Path

import pytest
from mcap.reader import make_reader
from support.recorder_rig import COLOR, DEPTH, JOINTS, NS, image, joint_state, recorder, request

from teleop_collect.clock import FakeClock
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import ConfigError
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.recorder import EpisodeRecorder, EpisodeResult

MS = 1_000_000
T0 = 1_700_000_000 * NS


def offer(core: EpisodeRecorder, clock: FakeClock, sequence: int) -> None:
    """One joint state each 5 ms."""
    now_ns = clock.utc_ns()
    core.offer(JOINTS, joint_state(now_ns, sequence), now_ns, now_ns, sequence)
    clock.advance_ns(5 * MS)


def sequences(result: EpisodeResult) -> list[int]:
    with next(result.path.glob("*.mcap")).open("rb") as stream:
        return [m.sequence for _, _, m in make_reader(stream).iter_messages()]


def test_loss_between_the_last_message_before_and_the_first_one_in_the_episode_is_counted(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    offer(core, clock, 7)
    core.start(request())
    offer(core, clock, 10)
    first = core.stop()
    core.start(request())
    offer(core, clock, 11)
    second = core.stop()
    core.close()
    assert first.manifest.streams[JOINTS].lost_transport == 2
    assert second.manifest.streams[JOINTS].lost_transport == 0


def test_a_publisher_that_was_restarted_before_the_episode_has_lost_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    offer(core, clock, 500)
    core.start(request())
    offer(core, clock, 1)
    offer(core, clock, 3)
    assert core.stop().manifest.streams[JOINTS].lost_transport == 1
    core.close()


def test_a_message_received_before_the_start_never_enters_though_it_is_offered_later(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    core.offer(JOINTS, joint_state(T0), T0 - 1, T0, 1)
    core.offer(JOINTS, joint_state(T0), T0, T0, 2)
    core.offer(JOINTS, joint_state(T0), T0 + 1, T0, 4)
    result = core.stop()
    core.close()
    assert sequences(result) == [2, 4]
    joints = result.manifest.streams[JOINTS]
    assert (joints.received, joints.lost_transport) == (2, 1)


class WhileOpening(FileSystem):
    """Calls somebody while the folder of an episode is made."""

    def __init__(self) -> None:
        self.call = lambda: None

    def make_folder(self, path: Path) -> None:
        super().make_folder(path)
        self.call()


def test_messages_that_come_while_the_file_is_prepared_are_in_it(tmp_path: Path) -> None:
    clock, disk = FakeClock(), WhileOpening()
    core = recorder(tmp_path, clock=clock, file_system=disk)
    offer(core, clock, 1)
    disk.call = lambda: [offer(core, clock, n) for n in (2, 3, 4)] and None
    core.start(request())
    offer(core, clock, 5)
    result = core.stop()
    core.close()
    assert sequences(result) == [2, 3, 4, 5]
    assert result.manifest.started_ns == T0 + 5 * MS
    joints = result.manifest.streams[JOINTS]
    assert (joints.received, joints.lost_transport, joints.gaps) == (4, 0, 0)


def test_what_does_not_fit_while_the_file_is_prepared_is_given_up_as_by_the_queue(
    tmp_path: Path,
) -> None:
    clock, disk = FakeClock(), WhileOpening()
    core = recorder(tmp_path, clock=clock, file_system=disk, queue_bytes=1 << 20)

    def flood() -> None:
        now_ns = clock.utc_ns()
        for sequence in (1, 2, 3):
            core.offer(COLOR, image(now_ns, bytes(400_000)), now_ns, None, sequence)
            core.offer(DEPTH, image(now_ns, bytes(400_000)), now_ns, None, sequence)
            core.offer(JOINTS, joint_state(now_ns), now_ns, None, sequence)

    disk.call = flood
    core.start(request())
    streams = core.stop().manifest.streams
    core.close()
    found = {t: (s.received, s.written, s.dropped_queue) for t, s in streams.items() if s.received}
    assert found == {COLOR: (3, 2, 1), DEPTH: (3, 0, 3), JOINTS: (3, 3, 0)}
    assert {streams[topic].lost_transport for topic in found} == {0}


def test_a_start_that_is_refused_keeps_nothing_for_the_next(tmp_path: Path) -> None:
    clock, disk = FakeClock(), WhileOpening()
    core = recorder(tmp_path, clock=clock, file_system=disk)

    def fail() -> None:
        offer(core, clock, 1)
        disk.call = lambda: None
        raise OSError("no")

    disk.call = fail
    with pytest.raises(ConfigError, match="cannot write to the dataset root"):
        core.start(request())
    offer(core, clock, 2)
    core.start(request())
    offer(core, clock, 3)
    assert sequences(core.stop()) == [3]
    core.close()


def test_a_pre_roll_begins_before_the_key_and_leaves_out_what_is_older(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, pre_roll_s=0.1)
    for sequence in range(1, 101):
        if sequence != 50:
            offer(core, clock, sequence)
    core.start(request())
    for sequence in range(101, 111):
        offer(core, clock, sequence)
    result = core.stop()
    core.start(request())
    after = core.stop()
    core.close()
    assert sequences(result) == list(range(81, 111))
    manifest = result.manifest
    assert manifest.started_ns == T0 + 99 * 5 * MS - 100 * MS
    assert manifest.streams[JOINTS].lost_transport == 0
    assert manifest.streams[JOINTS].expected == manifest.streams[JOINTS].received == 30
    assert sequences(after) == []
    with open_episode(result.path) as episode:
        assert episode.manifest["started_ns"] == manifest.started_ns


def test_the_memory_of_a_pre_roll_is_bounded_and_leaves_room_for_the_episode(
    tmp_path: Path,
) -> None:
    """However much came before: none of it is given up at the start, nor what comes first."""
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, pre_roll_s=30.0, queue_bytes=1 << 20)
    for sequence in range(1, 11):
        now_ns = clock.utc_ns()
        core.offer(COLOR, image(now_ns, bytes(60_000)), now_ns, None, sequence)
        core.offer(DEPTH, image(now_ns, bytes(40_000)), now_ns, None, sequence)
        core.offer(JOINTS, joint_state(now_ns, sequence), now_ns, None, sequence)
        clock.advance_ns(33 * MS)
    core.start(request())
    for sequence in (11, 12):
        now_ns = clock.utc_ns()
        core.offer(COLOR, image(now_ns, bytes(60_000)), now_ns, None, sequence)
        core.offer(DEPTH, image(now_ns, bytes(40_000)), now_ns, None, sequence)
    streams = core.stop().manifest.streams
    core.close()
    assert [streams[t].written for t in (COLOR, DEPTH, JOINTS)] == [6, 6, 5]
    for topic in (COLOR, DEPTH, JOINTS):
        assert (streams[topic].lost_transport, streams[topic].dropped_queue) == (0, 0)


def test_the_record_before_the_first_message_says_when_the_episode_began(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    clock.advance_ns(NS)
    result = core.stop()
    core.close()
    with next(result.path.glob("*.mcap")).open("rb") as stream:
        begin = next(iter(make_reader(stream).iter_metadata())).metadata
    assert begin["started"] == result.manifest.started == "2023-11-14T22:13:20.000000000Z"
