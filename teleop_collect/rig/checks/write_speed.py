"""Check: the disk takes data faster than the rig makes it."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.data_rate import bytes_per_s

PROBE_BYTES = 32 << 20
BLOCK_BYTES = 1 << 20
"""As the recorder's chunks."""
MARGIN = 1.5
MAX_PROBE_S = 2.0

Write = Callable[[Any, bytes], int]


class WriteSpeed:
    """Writes and syncs a nameless file in the recording folder.

    Args:
        write: writes one block to an open file and returns how many bytes it took.
    """

    name = "write_speed"
    severity: Severity = "error"

    def __init__(self, write: Write = lambda file, block: file.write(block)) -> None:
        self._write = write

    def run(self, context: CheckContext) -> CheckResult:
        """Compare measured speed with the rig's uncompressed data rate and a margin."""
        root = context.recording_root
        limit = round(MARGIN * bytes_per_s(context.rig) / 1e6, 2)
        try:
            speed = round(_measure_bytes_per_s(root, self._write) / 1e6, 2)
        except OSError as error:
            todo = "set recording.root to a folder that can be written"
            message = f"cannot write to {root}: {error.strerror}"
            return bad(self, message, todo, "unknown", limit, "MB/s")
        message = f"{root} takes {speed:.0f} MB/s; the rig needs {limit:.1f} MB/s"
        if speed < limit:
            todo = "set recording.root to a faster disk, or lower camera sizes or rates"
            return bad(self, message, todo, speed, limit, "MB/s")
        return good(self, message, speed, limit, "MB/s")


def _measure_bytes_per_s(root: Path, write: Write) -> float:
    root.mkdir(parents=True, exist_ok=True)
    block = os.urandom(BLOCK_BYTES)
    written = 0
    with tempfile.TemporaryFile(dir=root, buffering=0) as file:
        start_s = time.perf_counter()
        while written < PROBE_BYTES and time.perf_counter() - start_s < MAX_PROBE_S:
            written += write(file, block)
        os.fsync(file.fileno())
        return written / (time.perf_counter() - start_s)
