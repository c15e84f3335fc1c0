"""Single keys from a terminal, without Enter."""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator


def read_keys(tick_s: float) -> Iterator[str]:
    """Yield keys as they are pressed; the terminal is restored when the iteration ends.

    Ctrl-C still interrupts.

    Args:
        tick_s: "" is yielded when no key was pressed for this long.
    """
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        while True:
            if not select.select([descriptor], [], [], tick_s)[0]:
                yield ""
                continue
            # Past sys.stdin's buffer, which select does not see.
            pressed = os.read(descriptor, 1)
            if not pressed:
                return
            yield pressed.decode("ascii", "replace")
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
