"""The one place that touches the disk while recording: an append-only file, and folders around it.

Everything goes through a `FileSystem`, so a test can make the n-th write, fsync or rename fail. An
append is all or nothing: after a failed write the file is cut back to its last good byte. A failed
fsync is final: the kernel may have dropped the pages it could not write and a second call would
report success, so the file stays suspect (as PostgreSQL concluded, it is never retried).
"""

import errno
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

Buffer = bytes | bytearray | memoryview

# IOV_MAX is 1024 on Linux; a chunk needs three buffers and its message indexes one each.
MAX_BUFFERS = 512


class FileSystem:
    """The operating system's file calls that recording uses; `OSError` from every method."""

    def create(self, path: Path) -> int:
        """Open a new file for writing; fails when it exists."""
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        return os.open(path, flags, 0o644)

    def open_append(self, path: Path) -> int:
        """Open a file for appending; created when missing."""
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC
        return os.open(path, flags, 0o644)

    def writev(self, fd: int, buffers: Sequence[Buffer]) -> int:
        """Write; may take fewer bytes than given. Returns how many it took."""
        return os.writev(fd, buffers)

    def read_blocks(self, path: Path, length: int, block_bytes: int) -> Iterator[bytes]:
        """The first `length` bytes of a file, block by block."""
        with path.open("rb") as file:
            for start in range(0, length, block_bytes):
                block = file.read(min(block_bytes, length - start))
                if not block:
                    raise OSError(errno.EIO, "the file is shorter than what was written", str(path))
                yield block

    def truncate(self, fd: int, length: int) -> None:
        """Cut the file to `length` bytes and continue there."""
        os.ftruncate(fd, length)
        os.lseek(fd, length, os.SEEK_SET)

    def fsync(self, fd: int) -> None:
        """Wait until the file is on the disk."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close a file."""
        os.close(fd)

    def allocate(self, fd: int, length: int) -> None:
        """Reserve `length` bytes of disk for the file."""
        os.posix_fallocate(fd, 0, length)

    def rename(self, source: Path, target: Path) -> None:
        """Rename within one file system; an existing empty folder is not an error, data is."""
        if target.exists():
            raise FileExistsError(errno.EEXIST, "refusing to replace", str(target))
        source.rename(target)

    def unlink(self, path: Path) -> None:
        """Remove a file; a missing one is no error."""
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        """Create a new folder and its parents; fails when it exists."""
        path.mkdir(parents=True)

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()

    def sync_folder(self, path: Path) -> None:
        """Wait until names in the folder are on the disk."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.fsync(fd)
        finally:
            os.close(fd)

    def free_bytes(self, path: Path) -> int:
        """Bytes that this user can still write on the file system of `path`."""
        stat = os.statvfs(path)
        return stat.f_bavail * stat.f_frsize


class ByteSink(Protocol):
    """Where an MCAP writer puts its bytes."""

    @property
    def size(self) -> int:
        """Bytes appended so far."""
        ...

    def append(self, buffers: Sequence[Buffer]) -> None:
        """Append all buffers or, raising `OSError`, none."""
        ...


class EpisodeFile:
    """An append-only file with a running SHA-256 and spare disk space kept for its end.

    Args:
        path: created; must not exist.
        file_system: calls to use.

    Raises:
        OSError: the file cannot be created.
    """

    def __init__(self, path: Path, file_system: FileSystem | None = None) -> None:
        self.path = path
        self._fs = file_system or FileSystem()
        self._fd = self._fs.create(path)
        self._size = 0
        self._hash = hashlib.sha256()
        self._spare = path.with_name(path.name + ".spare")
        self._reserved = 0
        self.torn = False
        """A failed write could not be cut back: bytes after `size` are garbage."""
        self.sync_failed = False
        """An fsync failed: what is on the disk is unknown."""

    @property
    def size(self) -> int:
        """Bytes appended so far."""
        return self._size

    @property
    def sha256(self) -> str:
        """Hash (hex) of everything appended so far."""
        return self._hash.hexdigest()

    def append(self, buffers: Sequence[Buffer]) -> None:
        """Append all buffers or none.

        Raises:
            OSError: the disk refused; the file ends where it ended before, or `torn` is set.
        """
        if self.torn:
            raise OSError(errno.EIO, "an earlier write left the file torn", str(self.path))
        try:
            for start in range(0, len(buffers), MAX_BUFFERS):
                self._write_all(buffers[start : start + MAX_BUFFERS])
        except OSError:
            self._cut_back()
            raise
        for buffer in buffers:
            self._hash.update(buffer)
            self._size += len(buffer)

    def _write_all(self, buffers: Sequence[Buffer]) -> None:
        pending = [memoryview(b) for b in buffers if len(b)]
        while pending:
            taken = self._fs.writev(self._fd, pending)
            if taken == 0:
                raise OSError(errno.EIO, "the disk took no bytes", str(self.path))
            while pending and taken >= len(pending[0]):
                taken -= len(pending.pop(0))
            if taken:
                pending[0] = pending[0][taken:]

    def _cut_back(self) -> None:
        try:
            self._fs.truncate(self._fd, self._size)
        except OSError:
            self.torn = True

    def sync(self) -> None:
        """Wait until everything appended is on the disk.

        Raises:
            OSError: it may not be; every later call fails too.
        """
        if self.sync_failed:
            raise OSError(errno.EIO, "an earlier fsync failed", str(self.path))
        try:
            self._fs.fsync(self._fd)
        except OSError:
            self.sync_failed = True
            raise

    def reserve(self, length: int) -> None:
        """Keep `length` bytes of disk free for the end of this file, in a spare file beside it.

        Raises:
            OSError: there is not that much room.
        """
        if length <= self._reserved:
            return
        fd = self._fs.open_append(self._spare)
        try:
            self._fs.allocate(fd, length)
        finally:
            self._fs.close(fd)
        self._reserved = length

    def release(self) -> None:
        """Give the reserved space back, so that the end of the file fits."""
        self._fs.unlink(self._spare)
        self._reserved = 0

    def close(self) -> None:
        """Close the file and release the spare; safe to call twice."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            try:
                self.release()
            finally:
                self._fs.close(fd)


def write_durably(file_system: FileSystem, path: Path, content: bytes) -> None:
    """Write a new small file and wait until it is on the disk.

    Raises:
        OSError: it could not be written; nothing of it remains.
    """
    file = EpisodeFile(path, file_system)
    try:
        file.append([content])
        file.sync()
        file.close()
    except OSError:
        file.close()
        file_system.unlink(path)
        raise


def append_durably(file_system: FileSystem, path: Path, line: bytes) -> None:
    """Append one line to a file with a single write and wait until it is on the disk.

    Raises:
        OSError: the disk refused.
    """
    fd = file_system.open_append(path)
    try:
        if file_system.writev(fd, [line]) != len(line):
            raise OSError(errno.EIO, "the line was written only in part", str(path))
        file_system.fsync(fd)
    finally:
        file_system.close(fd)
    file_system.sync_folder(path.parent)


def publish_folder(file_system: FileSystem, source: Path, target: Path) -> None:
    """Move a finished folder to its public name, durably.

    Raises:
        OSError: it could not be moved; it still stands at `source`.
    """
    file_system.sync_folder(source)
    file_system.rename(source, target)
    file_system.sync_folder(target.parent)
    file_system.sync_folder(source.parent)
