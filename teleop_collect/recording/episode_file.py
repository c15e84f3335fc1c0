"""An append-only file whose every failure leaves it as it was, and small files written durably.

An append is all or nothing: after a failed write the file is cut back to its last good byte. A
failed fsync is final: the kernel may have dropped the pages it could not write and a second call
would report success, so the file stays suspect (as PostgreSQL concluded, it is never retried).
"""

import errno
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from teleop_collect.episodes.folder_calls import move_folder
from teleop_collect.recording.file_system import Buffer, FileSystem
from teleop_collect.recording.reserved_space import ReservedSpace

# IOV_MAX is 1024 on Linux; a chunk needs three buffers and its message indexes one each.
MAX_BUFFERS = 512
COPY_BLOCK_BYTES = 4 << 20


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
        self._space = ReservedSpace(path, self._fd, self._fs)
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
        self._space.make_room(self._size, sum(map(len, buffers)))
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
        else:
            self._space.renew(self._size)

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
        """Keep `length` bytes of disk for the end of this file, until `release`.

        Raises:
            OSError: there is not that much room.
        """
        self._space.keep(length, self._size)

    def release(self) -> None:
        """What follows is the end of the file and may use the space kept for it."""
        self._space.release()

    def close(self) -> None:
        """Close the file and free what was kept; safe to call twice."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            try:
                self._space.give_back(self._size)
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


def copy_durably(file_system: FileSystem, source: EpisodeFile, path: Path) -> None:
    """Write what a closed file held into a new one, and wait until that is on the disk.

    Raises:
        OSError: it could not be read back as it was written, or not be written; nothing remains.
    """
    copy = EpisodeFile(path, file_system)
    try:
        for block in file_system.read_blocks(source.path, source.size, COPY_BLOCK_BYTES):
            copy.append([block])
        if copy.sha256 != source.sha256:
            raise OSError(errno.EIO, "the file is not what was written into it", str(source.path))
        copy.sync()
        copy.close()
    except OSError:
        copy.close()
        file_system.unlink(path)
        raise


def publish_folder(file_system: FileSystem, source: Path, target: Path) -> None:
    """Move a finished folder to its public name, durably.

    Raises:
        OSError: it could not be moved and stands at `source`; or it was, and may not be safe.
    """
    file_system.sync_folder(source)
    move_folder(file_system, source, target)
