"""The cable: a pseudo terminal behind a symlink, which can be pulled out and put back."""

import contextlib
import fcntl
import os
import termios
import tty
from pathlib import Path

from teleop_collect.errors import BusyError

READ_BYTES = 4096
OUTPUT_SPEED = 5
"""Where tcgetattr has it."""


class Line:
    """Plugged in from construction on; the driver opens `path`.

    Args:
        path: where to put the symlink to the terminal.
        baud: rate of the bus, bits per second; at another one that a driver sets nothing is
            understood.

    Raises:
        BusyError: another emulator serves the path, or something that is no symlink lies there.
    """

    def __init__(self, path: Path, baud: int) -> None:
        self.path = path
        self._speed: int | None = getattr(termios, f"B{baud}", None)
        self._master_fd = -1
        self._slave_fd = -1
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._lock_fd = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._refuse_second()
            self.plug()
        except BaseException:
            os.close(self._lock_fd)
            raise

    def _refuse_second(self) -> None:
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                f"another emulator already serves {self.path}; stop it first"
            ) from error
        if self.path.exists() and not self.path.is_symlink():
            raise BusyError(f"{self.path} exists and is no emulated port; remove it")

    @property
    def plugged(self) -> bool:
        """Whether the terminal exists."""
        return self._master_fd >= 0

    def fileno(self) -> int:
        """The emulator's end."""
        return self._master_fd

    def plug(self) -> None:
        """Make a new terminal and link it; does nothing when plugged."""
        if self.plugged:
            return
        self._master_fd, self._slave_fd = os.openpty()
        # The driver's end stays open here too, so its closing is no end of file.
        tty.setraw(self._slave_fd)
        os.set_blocking(self._master_fd, False)
        waiting = self.path.with_name(f"{self.path.name}.new")
        waiting.unlink(missing_ok=True)
        waiting.symlink_to(os.ttyname(self._slave_fd))
        waiting.replace(self.path)

    def unplug(self) -> None:
        """Remove the link and hang up, as a USB adapter does when pulled."""
        if not self.plugged:
            return
        self.path.unlink(missing_ok=True)
        os.close(self._master_fd)
        os.close(self._slave_fd)
        self._master_fd = self._slave_fd = -1

    def read(self) -> bytes:
        """Bytes that the driver has sent at the rate of the bus; empty when there are none."""
        try:
            data = os.read(self._master_fd, READ_BYTES)
        except BlockingIOError:
            return b""
        sent_at = termios.tcgetattr(self._slave_fd)[OUTPUT_SPEED]
        return data if self._speed in (None, sent_at) else b""

    def write(self, data: bytes) -> None:
        """Send to the driver; what does not fit the terminal's buffer is lost, as on a wire."""
        if self.plugged:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master_fd, data)

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()
        self._lock_path.unlink(missing_ok=True)
        os.close(self._lock_fd)
