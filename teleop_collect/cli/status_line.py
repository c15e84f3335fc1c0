"""Lines on a terminal, and below them one that is written anew in place."""

import shutil
import sys
from typing import TextIO

_CLEAR = "\r\x1b[2K"


class StatusLine:
    """Prints lines above a status line.

    Args:
        stream: a terminal, or anything else: then there is no status line.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._shown = ""

    def say(self, line: str) -> None:
        """Print a line; the status stays below it."""
        clear = _CLEAR if self._shown else ""
        self._stream.write(f"{clear}{line}\n{self._shown}")
        self._stream.flush()

    def show(self, text: str) -> None:
        """Replace the status; "" removes it."""
        if not self._stream.isatty() or text == self._shown:
            return
        self._shown = text[: shutil.get_terminal_size().columns - 1]
        self._stream.write(f"{_CLEAR}{self._shown}")
        self._stream.flush()
