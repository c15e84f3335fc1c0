"""A process that asks for little and says when it did not get it: `-m recording_load.canary FILE`.

Each 10 ms it notes the time in a block of 4 KB on the disk under test, and syncs ten times a
second. Where two notes lie further apart, the machine had no core for it or the disk did not take
the block: a recorder beside it could not do better.
"""

import os
import struct
import sys
import time
from pathlib import Path

import numpy as np

from .processes import Process, wait_until

PERIOD_S = 0.01
BLOCK_BYTES = 4096
BLOCKS = 2048
"""The file is a ring of the last twenty seconds."""
SYNC_EVERY = 10
_TIME = struct.Struct("<q")


class Canary(Process):
    """Runs beside recorders on one disk.

    Args:
        path: file that it writes.
        log: for its errors.
    """

    def __init__(self, path: Path, log: Path) -> None:
        self._path = path
        super().__init__([sys.executable, "-m", "recording_load.canary", str(path)], log)
        wait_until(lambda: path.exists() and path.stat().st_size > 0, 60, "the canary's first note")

    def worst_delay_s(self, first_s: float, last_s: float) -> float:
        """The longest time for which it got nothing done, in a span of the last seconds.

        Args:
            first_s: begin of the span, monotonic.
            last_s: its end.
        """
        wait_until(lambda: self._notes_s()[-1] > last_s, 60, "the canary's next note")
        notes_s = self._notes_s()
        touching = (notes_s[1:] > first_s) & (notes_s[:-1] < last_s)
        return max(0.0, float(np.diff(notes_s)[touching].max(initial=0.0)) - PERIOD_S)

    def _notes_s(self) -> np.ndarray:
        """Monotonic times of its notes, ascending."""
        words = np.fromfile(self._path, dtype="<i8")
        return np.sort(words[:: BLOCK_BYTES // words.itemsize]) / 1e9


def main() -> None:
    """Write until killed."""
    descriptor = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
    for number in range(sys.maxsize):
        block = _TIME.pack(time.monotonic_ns()).ljust(BLOCK_BYTES, b"\0")
        os.pwrite(descriptor, block, number % BLOCKS * BLOCK_BYTES)
        if number % SYNC_EVERY == 0:
            os.fdatasync(descriptor)
        time.sleep(PERIOD_S)


if __name__ == "__main__":
    main()
