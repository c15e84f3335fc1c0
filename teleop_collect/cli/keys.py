"""Single keys from a terminal, without Enter."""

import sys
import termios
import tty
from collections.abc import Iterator


def read_keys() -> Iterator[str]:
    """Yield keys as they are pressed; the terminal is restored when the iteration ends.

    Ctrl-C still interrupts.
    """
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        while key := sys.stdin.read(1):
            yield key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
