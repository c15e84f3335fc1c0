import errno
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.faulty_file_system import FaultyFileSystem

from teleop_collect.recording.episode_file import EpisodeFile, append_durably, write_durably
from teleop_collect.recording.file_system import Buffer, FileSystem


def test_appends_in_order_and_hashes(tmp_path: Path) -> None:
    file = EpisodeFile(tmp_path / "f")
    file.append([b"ab", b"", memoryview(b"cd")])
    file.append([bytes([i % 256]) for i in range(2000)])
    file.sync()
    file.close()
    expected = b"abcd" + bytes(i % 256 for i in range(2000))
    assert (tmp_path / "f").read_bytes() == expected
    assert file.sha256 == hashlib.sha256(expected).hexdigest()
    assert file.size == len(expected)


def test_never_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        EpisodeFile(tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"old"


def test_short_writes_are_completed(tmp_path: Path) -> None:
    file = EpisodeFile(
        tmp_path / "f", FaultyFileSystem(1, "short", persistent=True, calls=["writev"])
    )
    file.append([b"abc", b"de", b"fgh"])
    file.close()
    assert (tmp_path / "f").read_bytes() == b"abcdefgh"


class DyingDisk(FileSystem):
    """Once broken, every second write fails and the one before takes 3 bytes."""

    def __init__(self, truncate_fails: bool) -> None:
        self.truncate_fails = truncate_fails
        self.broken = False
        self.writes = 0

    def writev(self, fd: int, buffers: Sequence[Buffer]) -> int:
        if not self.broken:
            return super().writev(fd, buffers)
        self.writes += 1
        if self.writes % 2 == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().writev(fd, [b"".join(buffers)[:3]])

    def truncate(self, fd: int, length: int) -> None:
        if self.truncate_fails:
            raise OSError(errno.EIO, "Input/output error")
        super().truncate(fd, length)


def test_a_failed_append_is_cut_back(tmp_path: Path) -> None:
    disk = DyingDisk(truncate_fails=False)
    file = EpisodeFile(tmp_path / "f", disk)
    file.append([b"good"])
    disk.broken = True
    with pytest.raises(OSError, match="No space"):
        file.append([b"lost", b"lost"])
    assert (tmp_path / "f").read_bytes() == b"good"
    disk.broken = False
    file.append([b"more"])
    file.close()
    assert (tmp_path / "f").read_bytes() == b"goodmore"
    assert file.sha256 == hashlib.sha256(b"goodmore").hexdigest()


def test_a_torn_file_takes_no_more(tmp_path: Path) -> None:
    disk = DyingDisk(truncate_fails=True)
    file = EpisodeFile(tmp_path / "f", disk)
    file.append([b"good"])
    disk.broken = True
    with pytest.raises(OSError, match="No space"):
        file.append([b"lost"])
    disk.broken = False
    assert file.torn
    with pytest.raises(OSError, match="torn"):
        file.append([b"more"])
    assert file.size == 4


def test_a_failed_fsync_is_never_retried_as_success(tmp_path: Path) -> None:
    disk = FaultyFileSystem(1, calls=["fsync"])
    file = EpisodeFile(tmp_path / "f", disk)
    file.append([b"x"])
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    with pytest.raises(OSError, match="earlier fsync"):
        file.sync()
    assert file.sync_failed
    assert disk.log.count("fsync") == 1


def on_disk(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_space_for_the_end_stays_beyond_it_while_the_file_grows(tmp_path: Path) -> None:
    file = EpisodeFile(tmp_path / "f")
    file.reserve(1 << 20)
    file.reserve(1000)
    assert on_disk(file.path) >= 1 << 20
    for _ in range(3):
        file.append([bytes(1 << 20)])
        assert on_disk(file.path) >= file.size + (1 << 20)
    file.release()
    file.append([b"end"])
    file.close()
    file.close()
    assert file.path.stat().st_size == 3 * (1 << 20) + 3
    assert on_disk(file.path) < file.size + (1 << 20)
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


class WithoutFallocate(FileSystem):
    def allocate(self, fd: int, offset: int, length: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")


def test_where_a_file_cannot_keep_space_a_spare_one_does(tmp_path: Path) -> None:
    file = EpisodeFile(tmp_path / "f", WithoutFallocate())
    file.reserve(1 << 20)
    spare = tmp_path / "f.spare"
    assert on_disk(spare) >= 1 << 20
    file.reserve(2 << 20)
    assert on_disk(spare) >= 2 << 20
    file.release()
    assert not spare.exists()
    file.close()
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_growing_ends_before_the_space_kept_for_the_end(tmp_path: Path) -> None:
    disk = FaultyFileSystem(0, errno.ENOSPC, persistent=True, calls=["allocate"])
    file = EpisodeFile(tmp_path / "f", disk)
    file.reserve(1000)
    disk.at = disk.count + 1
    with pytest.raises(OSError, match="No space left"):
        file.append([b"x"])
    file.release()
    file.append([bytes(900)])
    file.close()
    assert file.path.read_bytes() == bytes(900)


@pytest.mark.parametrize("call", ["create", "writev", "fsync"])
def test_a_small_file_is_whole_or_absent(tmp_path: Path, call: str) -> None:
    with pytest.raises(OSError, match="Input/output"):
        write_durably(FaultyFileSystem(1, calls=[call]), tmp_path / "m", b"content")
    assert list(tmp_path.iterdir()) == []
    write_durably(FaultyFileSystem(), tmp_path / "m", b"content")
    assert (tmp_path / "m").read_bytes() == b"content"


def test_appending_a_line_says_when_it_was_cut(tmp_path: Path) -> None:
    append_durably(FaultyFileSystem(), tmp_path / "l", b"one\n")
    with pytest.raises(OSError, match="in part"):
        append_durably(FaultyFileSystem(1, "short", calls=["writev"]), tmp_path / "l", b"two\n")
