"""An output folder that appears complete or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from teleop_collect.errors import BusyError, ConfigError

SUFFIX = ".partial"
_MARK = ".teleop_collect_export"


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` to write into; rename it to `out` when the block succeeds.

    When the block fails, nothing is left. What a killed export left behind is removed by the next.

    Args:
        out: the folder to make; absent or empty.

    Yields:
        An empty folder on the same file system.

    Raises:
        ConfigError: `out` is a file or not empty.
        BusyError: another export is writing to `out`.
    """
    _require_free(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + SUFFIX)
    lock = _claim(partial, out)
    try:
        yield partial
        (partial / _MARK).unlink()
        if out.exists():
            out.rmdir()
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _require_free(out: Path) -> None:
    if not out.name:
        raise ConfigError(f"output {out} has no name; give the path of a new folder")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"output {out} exists and is not empty; give the path of a new folder")


def _claim(partial: Path, out: Path) -> int:
    """Make `partial`, empty and locked by this process; returns the lock's file descriptor."""
    if partial.exists() and any(partial.iterdir()) and not (partial / _MARK).exists():
        raise ConfigError(f"{partial} is in the way and no export left it; move it away")
    partial.mkdir(exist_ok=True)
    lock = os.open(partial, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise BusyError(f"another export is writing to {out}; wait for it to end") from None
    (partial / _MARK).touch()
    for left in partial.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name != _MARK:
            left.unlink()
    return lock
