"""The disk fails at every call in turn; the recorder must stay alive and what is left must hold."""

import errno
import itertools
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from mcap.reader import make_reader
from support.faulty_file_system import CALLS, FaultyFileSystem
from support.recorder_rig import JOINTS, NS, joint_state, recorder, recovered_in, request, salvaged

from teleop_collect.clock import FakeClock
from teleop_collect.episodes.labels import read_labels
from teleop_collect.errors import CheckFailed, ConfigError, TeleopCollectError
from teleop_collect.provenance.manifest import read_manifest
from teleop_collect.recording.file_system import Buffer, FileSystem
from teleop_collect.recording.reserved_space import AHEAD_BYTES
from teleop_collect.recording.salvage import salvage
from teleop_collect.recording.session import State
from teleop_collect.recording.verify import verify

MESSAGES = 60
SWEEP_LIMIT = 300


@pytest.fixture(autouse=True)
def eager_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps wait for the writing thread hundreds of times."""
    monkeypatch.setattr("teleop_collect.recording.writer_thread.IDLE_WAIT_S", 0.001)


def joints(number: int) -> bytes:
    return joint_state(NS + number, number) + bytes(500)


class Recording:
    """One recorder, and what of its first episode must be found again whatever the disk does."""

    def __init__(self, root: Path, disk: FaultyFileSystem) -> None:
        self.root, self.disk, self.clock = root, disk, FakeClock()
        self.core = recorder(root, clock=self.clock, file_system=disk, chunk_bytes=4096)
        self.episode_id = ""
        self.offered = self.safe = 0
        self.told: list[str] = []

    def run(self) -> str:
        """Record an episode; how it ended."""
        try:
            self.episode_id = self.core.start(request())
            for _ in range(2):
                self.offer(MESSAGES // 3)
                self.let_a_second_pass()
            self.offer(MESSAGES // 3)
            manifest = self.core.stop().manifest
        except TeleopCollectError:
            return "refused"
        stream = manifest.streams[JOINTS]
        assert stream.received == self.offered
        assert stream.received == stream.written + stream.dropped_queue
        lost = stream.dropped_queue > 0
        assert manifest.termination == ("fault" if lost or self.core.fault else "stopped")
        self.safe = stream.written
        return "suspect" if manifest.suspect else "lost" if lost else "finished"

    def offer(self, count: int) -> None:
        now_ns = self.clock.utc_ns()
        for n in range(self.offered, self.offered + count):
            self.core.offer(JOINTS, joints(n), now_ns, now_ns, n + 1)
        self.offered += count

    def let_a_second_pass(self) -> None:
        """Until the disk was synced and watched; or the disk failed, which must be told."""
        synced, watched = (self.disk.log.count(name) for name in ("fsync", "free_bytes"))
        deadline = time.monotonic() + 20
        self.clock.advance_ns(NS)
        while self.core.fault is None:
            assert time.monotonic() < deadline
            log = list(self.disk.log)
            if log.count("fsync") > synced and log.count("free_bytes") > watched:
                self.safe = self.offered
                return
            time.sleep(0.0005)
        assert self.core.must_stop() == "fault"
        self.told += [json.loads(text)["kind"] for text in self.core.take_events()]
        assert self.told == ["fault"]

    def check_what_is_left(self) -> None:
        """The node lives, and the first episode is there once, in the root or by salvage."""
        assert self.core.state is State.IDLE
        self.disk.at = 0
        self.core.start(request())
        self.core.stop()
        self.core.close()
        told: list[str] = []
        again = recovered_in(self.root, told)
        assert told == [] or not self.episode_id
        found = {folder.name: folder for folder in (self.root / "episodes").iterdir()}
        assert set(again) <= set(found.values())
        for folder in found.values():
            assert verify(folder).problems == ()
        if self.episode_id:
            assert list((self.root / "inprogress").iterdir()) == []
            got = payloads(found[self.episode_id] / f"{self.episode_id}.mcap")
            assert got == [joints(n) for n in range(len(got))]
            assert len(got) >= self.safe


def payloads(path: Path) -> list[bytes]:
    with path.open("rb") as stream:
        messages = make_reader(stream).iter_messages([JOINTS], log_time_order=False)
        return [bytes(message.data) for _, _, message in messages]


@pytest.mark.parametrize("persistent", [False, True], ids=["once", "from_then_on"])
@pytest.mark.parametrize(
    ("code", "calls"),
    [
        (errno.EIO, CALLS),
        (errno.ENOSPC, ("create", "writev", "fsync", "allocate", "make_folder", "rename")),
        ("short", ("writev",)),
    ],
    ids=["EIO", "ENOSPC", "short"],
)
def test_every_call_fails_in_turn(
    tmp_path: Path, code: int | str, calls: Sequence[str], persistent: bool
) -> None:
    ends, failed = [], set()
    for at in range(1, SWEEP_LIMIT):
        root = tmp_path / str(at)
        disk = FaultyFileSystem(at, code, persistent=persistent, calls=calls)
        recording = Recording(root, disk)
        ends.append(recording.run())
        if not disk.fired:
            break
        failed.add(disk.failed)
        recording.check_what_is_left()
        shutil.rmtree(root)
    else:
        pytest.fail("the sweep did not end")
    assert ends[-1] == "finished"
    assert failed == set(calls) & set(disk.log)
    if code == "short":
        assert set(ends) == {"finished"}
    else:
        assert {"refused", "refused" if persistent else "suspect"} <= set(ends)
        assert persistent or "lost" in ends


def test_every_call_of_a_salvage_fails_in_turn(tmp_path: Path) -> None:
    whole = recorded(tmp_path / "made")
    file = next(whole.glob("*.mcap")).read_bytes()
    cut = file[: file.index(b"teleop_collect.episode_end")]
    for at, persistent in itertools.product(range(1, SWEEP_LIMIT), (False, True)):
        root = tmp_path / f"{at}{persistent}"
        folder = root / "inprogress" / whole.name
        folder.mkdir(parents=True)
        (folder / f"{whole.name}.mcap.active").write_bytes(cut)
        disk = FaultyFileSystem(at, persistent=persistent)
        with suppress(CheckFailed):
            salvage(folder, disk)
        again = salvaged(root)
        (found,) = (root / "episodes").iterdir()
        assert again in ([], [found])
        assert verify(found).problems == ()
        assert payloads(found / f"{found.name}.mcap") == [joints(n) for n in range(MESSAGES)]
        assert list((root / "inprogress").iterdir()) == []
        (source,) = (root / "salvaged" / whole.name).iterdir()
        assert source.read_bytes() == cut
        if not disk.fired:
            break
        shutil.rmtree(root)
    assert at > 20


def recorded(root: Path) -> Path:
    recording = Recording(root, FaultyFileSystem())
    assert recording.run() == "finished"
    recording.core.close()
    return root / "episodes" / recording.episode_id


def test_every_call_of_an_undo_fails_in_turn(tmp_path: Path) -> None:
    for at in range(1, SWEEP_LIMIT):
        root, disk = tmp_path / str(at), FaultyFileSystem()
        recording = Recording(root, disk)
        recording.run()
        disk.at, disk.persistent = disk.count + at, True
        with suppress(CheckFailed):
            recording.core.undo()
        disk.at = 0
        counted = recording.core.progress.count("pick_cube")
        kept = [folder.name for folder in (root / "episodes").iterdir()]
        assert len(kept) == counted
        assert [recording.episode_id] == kept + [f.name for f in root.glob("discarded/*")]
        if kept:
            recording.core.undo()
        else:
            with pytest.raises(ConfigError):
                recording.core.undo()
        recording.core.close()
        if not disk.fired:
            break
    assert at > 3


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
    assert manifest.suspect
    assert "written a second time" in str(manifest.outcome.reason)
    assert verify(tmp_path / "episodes" / manifest.episode_id).problems == ()


class TwoFaults(FileSystem):
    """Fails an fsync of the first file that grows, and later to remove that file."""

    def __init__(self) -> None:
        self.fired = False

    def fsync(self, fd: int) -> None:
        if not self.fired and os.fstat(fd).st_size > 40_000:
            self.fired = True
            raise OSError(errno.EIO, "Input/output error")

    def unlink(self, path: Path) -> None:
        if path.name.endswith(".mcap.active"):
            raise OSError(errno.EIO, "Input/output error")
        super().unlink(path)


def test_the_second_file_is_salvaged_when_the_first_one_cannot_be_removed(tmp_path: Path) -> None:
    disk = TwoFaults()
    core = recorder(tmp_path, file_system=disk)
    episode_id = core.start(request())
    for n in range(MESSAGES):
        core.offer(JOINTS, joints(n), (1_700_000_000 + n) * NS, None, n + 1)
    with pytest.raises(CheckFailed, match="could not be finished"):
        core.stop()
    core.close()
    assert disk.fired
    (found,) = salvaged(tmp_path)
    assert found.name == episode_id
    assert payloads(found / f"{episode_id}.mcap") == [joints(n) for n in range(MESSAGES)]
    assert read_manifest(found).streams[JOINTS].received == MESSAGES


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
    """Once full, it has room only for what lies within space that was taken before."""

    def __init__(self, *, keeps_space: bool = True) -> None:
        self.full = False
        self.keeps_space = keeps_space
        self.taken: Counter[int] = Counter()
        self.written: Counter[int] = Counter()
        self.spares: set[Path] = set()

    def create(self, path: Path) -> int:
        fd = super().create(path)
        self.taken[fd] = self.written[fd] = 0
        return fd

    def allocate(self, fd: int, offset: int, length: int) -> None:
        if not self.keeps_space:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        if self.full and offset + length > self.taken[fd]:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.taken[fd] = max(self.taken[fd], offset + length)

    def open_append(self, path: Path) -> int:
        if ".mcap." in path.name:
            self.spares.add(path)
        return super().open_append(path)

    def unlink(self, path: Path) -> None:
        self.spares.discard(path)
        super().unlink(path)

    def writev(self, fd: int, buffers: Sequence[Buffer]) -> int:
        size = sum(map(len, buffers))
        room = self.written[fd] + size <= self.taken[fd] if self.keeps_space else not self.spares
        if self.full and not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.written[fd] += size
        return super().writev(fd, buffers)


@pytest.mark.parametrize("keeps_space", [True, False], ids=["in_the_file", "beside_it"])
def test_a_full_disk_ends_the_episode_in_the_space_kept_for_its_end(
    tmp_path: Path, keeps_space: bool
) -> None:
    clock, disk = FakeClock(), FullDisk(keeps_space=keeps_space)
    core = recorder(tmp_path, clock=clock, file_system=disk, chunk_bytes=4096)
    core.start(request())
    core.offer(JOINTS, joint_state(1) + bytes(3000), clock.utc_ns())
    wait_for_chunk(tmp_path, clock)
    disk.full = True
    for n in range(10):
        # More than the file took ahead of what it grows into.
        core.offer(JOINTS, joint_state(2 + n) + bytes(AHEAD_BYTES), clock.utc_ns())
    while core.must_stop() is None:
        pass
    assert bool(list(tmp_path.glob("inprogress/*/*.mcap.active.spare"))) == (not keeps_space)
    manifest = core.stop("fault").manifest
    core.close()
    stream = manifest.streams[JOINTS]
    assert "No space left" in str(manifest.outcome.reason)
    assert (stream.received, stream.dropped_queue) == (11, 11 - stream.written)
    assert stream.written in ((1, 2) if keeps_space else (1,))
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
