"""What long-running processes do alike: stop cleanly, rank themselves, outlive no parent."""

import contextlib
import ctypes
import os
import signal
import threading
from types import FrameType

DIE_WITH_PARENT = "TELEOP_COLLECT_DIE_WITH_PARENT"
CONTROL_PRIORITY = 20
"""SCHED_FIFO priority of control loops: above all ordinary work, below the kernel's own threads."""
CONTROL_NICE = -10
DATA_NICE = -5
BACKGROUND_NICE = 5
_PR_SET_PDEATHSIG = 1


class StopSignal:
    """Set by the first SIGINT or SIGTERM; later ones change nothing, so closing is never cut short.

    `ros2 launch` stopped without a terminal delivers SIGINT twice.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def install(self) -> "StopSignal":
        """Catch SIGINT and SIGTERM; call it from the main thread."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        return self

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._event.set()

    def set(self) -> None:
        """Ask for the stop from inside."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the stop; True when it came."""
        return self._event.wait(timeout_s)


def die_with_parent() -> None:
    """End (SIGTERM) when the parent dies, if it asked for that by `DIE_WITH_PARENT`, its pid.

    Linux only (prctl(2), PR_SET_PDEATHSIG). A killed supervisor must leave no driver running, not
    even one that was still starting.
    """
    parent = os.environ.get(DIE_WITH_PARENT)
    if parent is None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if str(os.getppid()) != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def prefer_control() -> str:
    """Rank this process above cameras and recording.

    Returns:
        What was granted: "fifo", "nice" or "default" (no permission).
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(CONTROL_PRIORITY))
        return "fifo"
    except OSError:
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, CONTROL_NICE)
        return "nice"
    except OSError:
        return "default"


def prefer_data() -> None:
    """Rank this process above ordinary work, below control: what it misses is lost data."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, DATA_NICE)


def prefer_background() -> None:
    """Rank this process below control and recording."""
    os.setpriority(os.PRIO_PROCESS, 0, BACKGROUND_NICE)
