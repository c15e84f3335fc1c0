"""Where the output of a process goes: a log file, the terminal, and its end into memory.

A process whose output nobody takes stops at its next line once the pipe is full (64 KiB), and this
may be the one that controls an arm. So a full disk costs the log, never the reading.
"""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import FileIO
from pathlib import Path

LAST_LINES = 8


class ChildLog:
    """Takes every line of one process.

    Args:
        name: of the process, put before each line on the terminal.
        path: the log file; it is continued where it exists.
        echo: called with each line; None for the log only.

    Attributes:
        trouble: why lines are missing in the file; None while none are.
    """

    def __init__(self, name: str, path: Path, echo: Callable[[str], None] | None) -> None:
        self._name = name
        self._echo = echo
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self.path = path
        self.trouble: str | None = None

    @property
    def tail(self) -> str:
        """The last lines."""
        return "\n".join(tuple(self._last))

    def copy(self, lines: Iterable[bytes]) -> None:
        """Take all lines until the process closes its output."""
        file = self._open()
        try:
            for raw in lines:
                line = raw.decode(errors="replace").rstrip()
                self._last.append(line)
                self._write(file, raw)
                self._show(line)
        finally:
            if file is not None:
                with suppress(OSError):
                    file.close()

    def _open(self) -> FileIO | None:
        try:
            return self.path.open("ab", buffering=0)
        except OSError as error:
            self._note(error)
            return None

    def _write(self, file: FileIO | None, raw: bytes) -> None:
        # Each line is tried again: the disk may have room by then.
        try:
            if file is not None:
                file.write(raw)
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        if self.trouble is None:
            self.trouble = f"{self.path} cannot be written: {error.strerror or error}"
            self._show(f"the log {self.trouble}; its lines go on here")

    def _show(self, line: str) -> None:
        if self._echo is None:
            return
        try:
            self._echo(f"[{self._name}] {line}")
        except OSError:
            # The terminal has gone, or its file is full: the process must be read all the same.
            self._echo = None
