"""The disk fails at every call in turn; the recorder must stay alive and what is left must hold."""

import errno
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.faulty_file_system import FaultyFileSystem
from support.recorder_rig import JOINTS, NS, joint_state, recorder, request

from teleop_collect.clock import FakeClock
from teleop_collect.episodes.labels import read_labels
from teleop_collect.errors import TeleopCollectError
from teleop_collect.recording.episode_file import Buffer, FileSystem
from teleop_collect.recording.salvage import salvage_in_progress
from teleop_collect.recording.session import State
from teleop_collect.recording.verify import verify

MESSAGES = 60
SWEEP_LIMIT = 200


def run_once(root: Path, disk: FaultyFileSystem) -> str:
    """Record one episode on a failing disk, then check everything that is left of it."""
    clock = FakeClock()
    core = recorder(root, clock=clock, file_system=disk, chunk_bytes=4096)
    end = "finished"
    try:
        core.start(request())
        for n in range(MESSAGES):
            data = joint_state(clock.utc_ns(), n) + bytes(500)
            core.offer(JOINTS, data, clock.utc_ns(), clock.utc_ns(), n + 1)
        manifest = core.stop().manifest
        stream = manifest.streams[JOINTS]
        assert stream.received == MESSAGES
        assert stream.received == stream.written + stream.dropped_queue
        lost = stream.dropped_queue > 0
        assert manifest.termination == ("fault" if lost else "stopped")
        end = "lost" if lost else end
    except TeleopCollectError:
        end = "refused"
    assert core.state is State.IDLE
    disk.at = 0
    core.start(request())
    core.stop()
    core.close()
    check_what_is_left(root)
    return end


def check_what_is_left(root: Path) -> None:
    finished = list((root / "episodes").iterdir())
    assert finished
    for folder in finished:
        assert verify(folder).problems == ()
    for folder in salvage_in_progress(root):
        assert verify(folder).problems == ()


@pytest.mark.parametrize("persistent", [False, True], ids=["once", "from_then_on"])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, "short"])
def test_every_call_fails_in_turn(tmp_path: Path, code: int | str, persistent: bool) -> None:
    ends = []
    for at in range(1, SWEEP_LIMIT):
        root = tmp_path / str(at)
        disk = FaultyFileSystem(at, code, persistent=persistent)
        ends.append(run_once(root, disk))
        if not disk.fired:
            break
    else:
        pytest.fail("the sweep did not end")
    assert at > 20
    assert ends[-1] == "finished"
    if code == "short":
        assert set(ends) == {"finished"}
    else:
        assert {"refused", "lost" if not persistent else "refused"} <= set(ends)


def test_a_failed_fsync_while_recording_makes_the_episode_a_fault(tmp_path: Path) -> None:
    clock = FakeClock()
    disk = FaultyFileSystem(0, errno.EIO, calls=["fsync"])
    core = recorder(tmp_path, clock=clock, file_system=disk)
    core.start(request())
    core.offer(JOINTS, joint_state(clock.utc_ns()), clock.utc_ns())
    disk.at = disk.count + 1
    clock.advance_ns(2 * NS)
    while core.must_stop() is None:
        pass
    core.offer(JOINTS, joint_state(clock.utc_ns()), clock.utc_ns())
    manifest = core.stop().manifest
    core.close()
    stream = manifest.streams[JOINTS]
    assert manifest.termination == "fault"
    assert "Input/output error" in str(manifest.outcome.reason)
    assert (stream.received, stream.written, stream.dropped_queue) == (2, 1, 1)
    assert verify(tmp_path / "episodes" / manifest.episode_id).problems == ()


def test_a_label_never_goes_to_an_older_episode(tmp_path: Path) -> None:
    disk = FaultyFileSystem(0, errno.EIO, calls=["rename"])
    core = recorder(tmp_path, file_system=disk)
    core.start(request())
    first = core.stop()
    disk.at = disk.count + 1
    core.start(request())
    with pytest.raises(TeleopCollectError, match="could not be finished"):
        core.stop()
    with pytest.raises(TeleopCollectError, match="salvage it first"):
        core.label(True)
    core.close()
    labels = read_labels(first.path)
    assert [label.by for label in labels] == ["predicate"]


class FullDisk(FileSystem):
    """Has room for nothing but the spare, once full."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.full = False

    def writev(self, fd: int, buffers: Sequence[Buffer]) -> int:
        if self.full and list(self.root.glob("inprogress/*/*.spare")):
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().writev(fd, buffers)


def test_a_full_disk_ends_the_episode_in_the_space_kept_for_its_end(tmp_path: Path) -> None:
    clock, disk = FakeClock(), FullDisk(tmp_path)
    core = recorder(tmp_path, clock=clock, file_system=disk, chunk_bytes=4096)
    core.start(request())
    core.offer(JOINTS, joint_state(1) + bytes(3000), clock.utc_ns())
    wait_for_chunk(tmp_path, clock)
    disk.full = True
    for n in range(10):
        core.offer(JOINTS, joint_state(2 + n) + bytes(3000), clock.utc_ns())
    while core.must_stop() is None:
        pass
    assert list(tmp_path.glob("inprogress/*/*.spare"))
    manifest = core.stop("fault").manifest
    core.close()
    stream = manifest.streams[JOINTS]
    assert "No space left" in str(manifest.outcome.reason)
    assert (stream.received, stream.written, stream.dropped_queue) == (11, 1, 10)
    assert verify(tmp_path / "episodes" / manifest.episode_id).problems == ()


def wait_for_chunk(root: Path, clock: FakeClock) -> None:
    """Let time pass until the first message is in the file."""
    (file,) = root.glob("inprogress/*/*.active")
    deadline = time.monotonic() + 20
    while bytes(3000) not in file.read_bytes():
        assert time.monotonic() < deadline
        clock.advance_ns(NS // 10)
        time.sleep(0.002)


def test_a_message_that_cannot_be_encoded_is_a_fault_and_not_a_silent_thread(
    tmp_path: Path,
) -> None:
    core = recorder(tmp_path)
    core.start(request())
    core.offer(JOINTS, joint_state(1), 1_700_000_000 * NS, -1)
    while core.must_stop() is None:
        pass
    stream = core.stop().manifest.streams[JOINTS]
    core.close()
    assert (stream.received, stream.written, stream.dropped_queue) == (1, 0, 1)
