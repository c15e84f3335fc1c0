"""An fsync that takes its time holds up neither chunks nor the end."""

import errno
import threading
import time
from pathlib import Path

import pytest
from support.recorder_rig import JOINTS, NS, joint_state, recorder, request

from teleop_collect.clock import FakeClock
from teleop_collect.recording.episode_file import EpisodeFile
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.sync_thread import SYNC_BYTES, SyncThread
from teleop_collect.recording.verify import verify


class SlowDisk(FileSystem):
    """Its fsync of a file waits until `go` is set, once `slow` is."""

    def __init__(self) -> None:
        self.slow = False
        self.waiting, self.go = threading.Event(), threading.Event()

    def fsync(self, fd: int) -> None:
        if self.slow:
            self.waiting.set()
            assert self.go.wait(20)
        super().fsync(fd)


def test_chunks_reach_the_file_while_an_fsync_waits_for_the_disk(tmp_path: Path) -> None:
    clock, disk = FakeClock(), SlowDisk()
    core = recorder(tmp_path, clock=clock, file_system=disk)
    core.start(request())
    disk.slow = True
    clock.advance_ns(2 * NS)
    assert disk.waiting.wait(20)

    late = joint_state(1, 77) + bytes(500)
    core.offer(JOINTS, late, clock.utc_ns())
    (file,) = tmp_path.glob("inprogress/*/*.active")
    deadline = time.monotonic() + 20
    while late not in file.read_bytes():
        assert time.monotonic() < deadline, "the chunk waits for the fsync"
        clock.advance_ns(NS // 10)
        time.sleep(0.002)

    disk.go.set()
    result = core.stop()
    core.close()
    assert result.manifest.termination == "stopped"
    assert verify(result.path).problems == ()


@pytest.fixture
def file(tmp_path: Path):
    file = EpisodeFile(tmp_path / "f")
    yield file
    file.close()


def test_a_sync_is_due_by_time_and_by_bytes(file: EpisodeFile) -> None:
    clock = FakeClock()
    sync = SyncThread(file, 1.0, clock)
    assert not sync.is_due(clock.monotonic_ns())
    assert sync.is_due(clock.monotonic_ns() + NS)
    file.append([bytes(SYNC_BYTES)])
    assert sync.is_due(clock.monotonic_ns())
    sync.begin()
    sync.end()
    assert not sync.is_due(clock.monotonic_ns())


def test_a_failed_sync_is_told_and_never_tried_again(tmp_path: Path) -> None:
    class BadDisk(FileSystem):
        calls = 0

        def fsync(self, fd: int) -> None:
            self.calls += 1
            raise OSError(errno.EIO, "Input/output error")

    disk = BadDisk()
    file = EpisodeFile(tmp_path / "f", disk)
    sync = SyncThread(file, 1.0, FakeClock())
    sync.begin()
    with pytest.raises(OSError, match="Input/output error"):
        sync.end()
    with pytest.raises(OSError, match="an earlier fsync failed"):
        file.sync()
    assert disk.calls == 1
    file.close()
