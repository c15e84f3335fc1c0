"""Exclusive use of a serial device among processes.

The lock is flock(2) on the device itself, so it holds whatever path leads to it, leaves nothing
behind after a crash, and is also respected by other programs that open the port exclusively
(pyserial's `exclusive=True` is the same lock). Two unlocked readers would steal bytes from each
other: the kernel lets both open the port.
"""

import fcntl
import os
from pathlib import Path

from teleop_collect.errors import BusyError, DeviceDisconnected

LOCK_TABLE = Path("/proc/locks")


class DeviceLock:
    """Held from construction to `release`.

    Args:
        path: device path.

    Raises:
        BusyError: another open file of this or another process holds the lock.
        DeviceDisconnected: the device cannot be opened.
    """

    def __init__(self, path: str) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError as error:
            # Also for a moment after plugging in, until udev has run: so a caller tries again.
            raise DeviceDisconnected(
                f"{path} may not be opened by this user; run `teleop-collect udev install` once "
                "and plug the arm in again"
            ) from error
        except OSError as error:
            raise DeviceDisconnected(
                f"{path} cannot be opened: {error.strerror}; is the arm plugged in and powered?"
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _owner(self._fd)
            os.close(self._fd)
            raise BusyError(f"{path} is in use by {owner}; stop it first") from error

    def release(self) -> None:
        """Give the device back; safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _owner(fd: int) -> str:
    """Who holds the lock on an open file, as /proc/locks tells it (proc(5))."""
    info = os.fstat(fd)
    file_id = f"{os.major(info.st_dev):02x}:{os.minor(info.st_dev):02x}:{info.st_ino}"
    try:
        lines = LOCK_TABLE.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        fields = line.split()
        if "FLOCK" in fields and file_id in fields:
            return f"process {fields[fields.index(file_id) - 1]}"
    return "another program"
