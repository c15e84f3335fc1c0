"""Waits for a person to press Enter, and not for ever."""

import select
import sys
from contextlib import suppress


def pressed_enter(prompt: str, timeout_s: float) -> bool:
    """Ask on stderr for the Enter key on stdin.

    Returns:
        False when the time is over, or nobody is at the terminal any more.
    """
    print(f"{prompt} ", end="", file=sys.stderr, flush=True)
    ready, _, _ = select.select([sys.stdin], [], [], max(0.0, timeout_s))
    line = ""
    if ready:
        with suppress(OSError):  # The terminal was closed.
            line = sys.stdin.readline()
    return line.endswith("\n")
