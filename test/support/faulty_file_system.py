"""A file system whose n-th call fails, once or from then on."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from teleop_collect.recording.file_system import Buffer, FileSystem

CALLS = (
    "create",
    "open_append",
    "writev",
    "truncate",
    "fsync",
    "close",
    "allocate",
    "fill",
    "rename",
    "unlink",
    "make_folder",
    "remove_folder",
    "sync_folder",
    "free_bytes",
)


class FaultyFileSystem(FileSystem):
    """Fails the `at`-th call (counted from 1) among `calls`.

    Args:
        at: which call; 0 never fails.
        code: errno, or "short" to write all but the last byte of what a write was given.
        persistent: every later call of the same kinds fails too.
        calls: which methods count; all when empty.
    """

    def __init__(
        self,
        at: int = 0,
        code: int | str = errno.EIO,
        *,
        persistent: bool = False,
        calls: Sequence[str] = (),
    ) -> None:
        self.at = at
        self.code = code
        self.persistent = persistent
        self.calls = tuple(calls) or CALLS
        self.count = 0
        self.fired = False
        self.failed = ""
        """The first method that failed."""
        self.log: list[str] = []
        for name in CALLS:
            setattr(self, name, self._watched(name, getattr(self, name)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            self.log.append(name)
            if name not in self.calls:
                return call(*args)
            self.count += 1
            due = self.count == self.at or (self.persistent and 0 < self.at < self.count)
            if not due:
                return call(*args)
            self.fired = True
            self.failed = self.failed or name
            if self.code == "short":
                return self._short(*args) if name == "writev" else call(*args)
            if name == "close":
                call(*args)
            raise OSError(self.code, os.strerror(int(self.code)))

        return watched

    def fsync(self, fd: int) -> None:
        """Nothing pulls the plug in tests, and hundreds of real ones take seconds."""

    def sync_folder(self, path: Path) -> None:
        """As `fsync`."""

    def _short(self, fd: int, buffers: Sequence[Buffer]) -> int:
        joined = b"".join(buffers)
        return os.write(fd, joined[: max(1, len(joined) - 1)])


def files_below(path: Path) -> list[str]:
    """Names of all files, relative."""
    return sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())
