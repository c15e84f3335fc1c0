"""Disk kept for the end of a file, so that it can be closed on a disk that somebody else fills.

It lies in the file itself, beyond its end, so nobody can take it between two calls. Where a file
system cannot do that, a spare file beside it is given up before the end is written, and a process
that fills the disk may be faster.
"""

import errno
from contextlib import suppress
from pathlib import Path

from teleop_collect.recording.file_system import FileSystem

AHEAD_BYTES = 16 << 20
"""A growing file takes so much at once: one call for many chunks."""
SPARE_SUFFIX = ".spare"
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS)
_FULL = (errno.ENOSPC, errno.EDQUOT)


class ReservedSpace:
    """Space beyond the end of one file.

    Args:
        path: of the file.
        descriptor: of the same file, open for writing.
        file_system: calls to use.
    """

    def __init__(self, path: Path, descriptor: int, file_system: FileSystem) -> None:
        self._spare = path.with_name(path.name + SPARE_SUFFIX)
        self._fd = descriptor
        self._fs = file_system
        self._is_beside = False
        self._kept = 0
        self._end = 0

    def keep(self, length: int, size: int) -> None:
        """Keep at least `length` bytes for the end of a file that has `size` now.

        Raises:
            OSError: there is not that much room; what was kept before still is.
        """
        if length > self._kept:
            self._take(size, size + length)
            if self._is_beside:
                self._fill_spare(length)
            self._kept = length

    def make_room(self, size: int, added: int) -> None:
        """Before the file grows: the space kept for its end must not be what it grows into.

        Raises:
            OSError: there is not that much room.
        """
        needed = size + added + self._kept
        if not self._kept or needed <= self._end:
            return
        try:
            self._take(size, needed + AHEAD_BYTES)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self._take(size, needed)

    def _take(self, size: int, end: int) -> None:
        """Have the file own the disk up to `end`, or note that its file system cannot do that."""
        if self._is_beside:
            return
        try:
            self._fs.allocate(self._fd, size, end - size)
            self._end = end
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            self._is_beside = True

    def _fill_spare(self, length: int) -> None:
        fd = self._fs.open_append(self._spare)
        try:
            self._fs.fill(fd, length)
        finally:
            self._fs.close(fd)

    def renew(self, size: int) -> None:
        """The file was cut back to `size`, and what lay beyond is free again: take it once more."""
        self._end = 0
        with suppress(OSError):
            self.make_room(size, 0)

    def release(self) -> None:
        """The end of the file may use what was kept for it from now on.

        Raises:
            OSError: the spare file cannot be removed.
        """
        if self._kept and self._is_beside:
            self._fs.unlink(self._spare)
        self._kept = 0

    def give_back(self, size: int) -> None:
        """Free what lies beyond the end of a file of `size` bytes; failing that it stays taken."""
        if self._end > size:
            with suppress(OSError):
                self._fs.truncate(self._fd, size)
        self._end = 0
