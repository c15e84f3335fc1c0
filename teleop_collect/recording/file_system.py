"""The one class through which recording touches the disk; tests make each of its calls fail."""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from teleop_collect.episodes.folder_calls import FolderCalls

Buffer = bytes | bytearray | memoryview

_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE"""


def _find_fallocate() -> Callable[[int, int, int, int], int] | None:
    """Linux's own call: the standard library has only the one that changes a file's size."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)
    if function is None or ctypes.sizeof(ctypes.c_long) < 8:
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long)
    found: Callable[[int, int, int, int], int] = function
    return found


_fallocate = _find_fallocate()


class FileSystem(FolderCalls):
    """The operating system's calls that recording uses; `OSError` from every method."""

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

    def allocate(self, fd: int, offset: int, length: int) -> None:
        """Reserve disk for bytes of a file that need not be written yet; its size stays."""
        if _fallocate is None:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        if _fallocate(fd, _KEEP_SIZE, offset, length):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def fill(self, fd: int, length: int) -> None:
        """Give an empty file `length` bytes on the disk."""
        os.posix_fallocate(fd, 0, length)

    def unlink(self, path: Path) -> None:
        """Remove a file; a missing one is no error."""
        path.unlink(missing_ok=True)

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()

    def free_bytes(self, path: Path) -> int:
        """Bytes that this user can still write on the file system of `path`."""
        stat = os.statvfs(path)
        return stat.f_bavail * stat.f_frsize
