"""Practice, undo, progress, labels that survive a kill, and stops that make the operator wait."""

import json
import shutil
import threading
import time
from pathlib import Path

import pytest
from support.faulty_file_system import files_below
from support.recorder_rig import JOINTS, NS, joint_state, recorder, request

from teleop_collect.clock import FakeClock
from teleop_collect.errors import BusyError, CheckFailed, ConfigError
from teleop_collect.provenance.manifest import read_manifest
from teleop_collect.recording import finishing
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.salvage import salvage
from teleop_collect.recording.session import State


def test_practice_keeps_nothing_and_counts_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock, max_episode_s=10)
    assert core.start(request(practice=True)) == "practice"
    before = files_below(tmp_path)
    assert (core.is_practising, core.is_recording) == (True, False)
    core.offer(JOINTS, joint_state(clock.utc_ns()), clock.utc_ns())
    assert core.label(True) == "practice"
    with pytest.raises(BusyError, match="practice is being recorded"):
        core.start(request())
    clock.advance_ns(10 * NS)
    assert core.must_stop() is None
    clock.advance_ns(1)
    assert core.must_stop() == "timeout"
    assert core.end_practice() == "practice"
    core.start(request(practice=True))
    assert core.discard() == "practice"
    assert core.state is State.IDLE
    assert core.progress.count("pick_cube") == 0
    with pytest.raises(ConfigError, match="nobody practises"):
        core.end_practice()
    core.start(request(practice=True))
    core.close()
    assert files_below(tmp_path) == before


def test_practice_stands_behind_the_same_gate(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    with pytest.raises(CheckFailed, match="no rig check"):
        core.start(request(practice=True, rig_check=None))
    core.close()


def test_undo_moves_the_last_episode_and_only_that(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    with pytest.raises(ConfigError, match="undo"):
        core.undo()
    core.start(request())
    first = core.stop()
    core.start(request())
    with pytest.raises(BusyError, match="cannot undo"):
        core.undo()
    second = core.stop()
    held = files_below(second.path)
    folder = core.undo()
    assert folder == tmp_path / "discarded" / second.path.name
    assert files_below(folder) == held
    assert not second.path.exists()
    assert first.path.exists()
    for command in (core.undo, lambda: core.label(True)):
        with pytest.raises(ConfigError):
            command()
    assert core.progress.count("pick_cube") == 1
    core.close()


def test_a_session_resumes_with_the_counts_of_its_root(tmp_path: Path) -> None:
    core = recorder(tmp_path)
    for task in ("pick_cube", "wave", "wave"):
        core.start(request(task_id=task))
        core.stop()
    core.start(request(task_id="wave"))
    core.discard()
    core.close()
    (tmp_path / "episodes" / "stray").mkdir()
    again = recorder(tmp_path)
    assert [again.progress.count(t) for t in ("pick_cube", "wave", "nope")] == [1, 2, 0]
    again.close()


def killed_copy(root: Path, elsewhere: Path) -> Path:
    """The episode in progress as a kill at this moment would leave it."""
    (folder,) = (root / "inprogress").iterdir()
    target = elsewhere / "inprogress" / folder.name
    shutil.copytree(folder, target)
    (elsewhere / "episodes").mkdir()
    return target


def test_a_label_given_before_a_kill_is_restored(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path / "a", clock=clock)
    core.start(request())
    core.offer(JOINTS, joint_state(clock.utc_ns()), clock.utc_ns())
    core.label(True)
    core.label(False, "dropped it")
    (active,) = (tmp_path / "a").glob("inprogress/*/*.active")
    deadline = time.monotonic() + 20
    while b"dropped it" not in active.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.002)
    report = salvage(killed_copy(tmp_path / "a", tmp_path / "b"))
    core.close()
    outcome = read_manifest(report.output).outcome
    assert (outcome.success, outcome.operator_label) == (False, False)
    assert str(outcome.reason).startswith("dropped it; recovered: ")


class SlowDisk(FileSystem):
    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()

    def writev(self, fd, buffers):
        self.go.wait(20)
        return super().writev(fd, buffers)


def test_a_stop_that_waits_for_the_disk_says_so_and_ends_in_time(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(finishing, "DRAIN_REPORT_S", 0.02)
    monkeypatch.setattr(finishing, "DRAIN_TIMEOUT_S", 0.1)
    clock, disk = FakeClock(), SlowDisk()
    core = recorder(tmp_path, clock=clock, file_system=disk, chunk_bytes=4096)
    episode_id = core.start(request())
    disk.go.clear()
    for n in range(20):
        core.offer(JOINTS, joint_state(n) + bytes(1 << 20), clock.utc_ns())
    with pytest.raises(CheckFailed, match=r"did not answer for 0\.1 s; its data are in"):
        core.stop()
    events = [json.loads(text) for text in core.take_events()]
    assert {event["kind"] for event in events} == {"finishing"}
    assert events[0]["episode_id"] == episode_id
    assert events[0]["queue_bytes"] > 0
    disk.go.set()
    core.close()


class RoomyDisk(FileSystem):
    free = 10 << 30

    def free_bytes(self, path: Path) -> int:
        return self.free


def test_a_start_warns_below_five_times_a_recent_episode(tmp_path: Path) -> None:
    disk = RoomyDisk()
    core = recorder(tmp_path, file_system=disk)
    core.start(request())
    with next(core.stop().path.glob("*.mcap")).open("ab") as stream:
        stream.truncate(100 << 20)
    assert core.take_events() == []
    disk.free = 500 << 20
    core.start(request())
    core.stop()
    assert core.take_events() == []
    disk.free = (500 << 20) - 1
    core.start(request())
    (event,) = [json.loads(text) for text in core.take_events()]
    assert event["kind"] == "disk_low"
    assert "499 MiB free, a recent episode took 100 MiB" in event["message"]
    core.close()


def test_a_fault_stays_visible_until_the_next_start(tmp_path: Path) -> None:
    clock = FakeClock()
    core = recorder(tmp_path, clock=clock)
    core.start(request())
    core.offer(JOINTS, joint_state(1), clock.utc_ns(), -1)
    core.stop()
    assert "while writing" in str(core.fault)
    core.start(request())
    assert core.fault is None
    core.close()
