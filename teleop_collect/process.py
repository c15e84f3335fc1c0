"""What long-running processes do alike: stop cleanly, rank themselves, outlive no parent."""

import atexit
import contextlib
import ctypes
import gc
import os
import select
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
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
        self._is_set = False
        # A pipe and not a threading.Event: a handler that runs while the main thread is inside
        # Event.wait() would wait for a lock that this very thread holds.
        self._readable, self._writable = os.pipe()

    def install(self) -> "StopSignal":
        """Catch SIGINT and SIGTERM; call it from the main thread."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        atexit.register(_ignore_signals)
        return self

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.set()

    def set(self) -> None:
        """Ask for the stop from inside."""
        if not self._is_set:
            self._is_set = True
            os.write(self._writable, b"\0")

    @property
    def is_set(self) -> bool:
        """Whether to stop."""
        return self._is_set

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the stop; True when it came."""
        select.select([self._readable], [], [], timeout_s)
        return self._is_set


@contextlib.contextmanager
def interrupted_once() -> Iterator[None]:
    """SIGINT and SIGTERM raise KeyboardInterrupt once; later ones change nothing meanwhile.

    For work that is left by an exception: an impatient second Ctrl-C cannot cut its clean-up short.
    Handlers that somebody has set (a `StopSignal`) stand; threads besides the main one have none.
    """
    is_raised = False

    def raise_once(number: int, frame: FrameType | None) -> None:
        nonlocal is_raised
        if not is_raised:
            is_raised = True
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if threading.current_thread() is not threading.main_thread():
        before.clear()
    defaults = (signal.default_int_handler, signal.SIG_DFL)
    replaced = {number: handler for number, handler in before.items() if handler in defaults}
    for number in replaced:
        signal.signal(number, raise_once)
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    # The interpreter takes Python handlers down before it has ended; a second signal would then
    # kill a process that has just closed cleanly. Not done in the handler: two signals that arrive
    # together would end in an OSError ("ignored due to race condition").
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def die_with_parent() -> None:
    """End (SIGTERM) when the parent dies, if `DIE_WITH_PARENT` holds the launcher's pid.

    Linux only (prctl(2), PR_SET_PDEATHSIG). A killed launcher must leave no driver running, not
    even one that was still starting.
    """
    launcher = os.environ.get(DIE_WITH_PARENT, "")
    if not launcher.isdigit():
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if not _is_alive(launcher):
        os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(pid: str) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        stat = Path("/proc", pid, "stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


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


def settle_memory() -> None:
    """Take what exists now out of garbage collection, so that no tick waits for a walk over it."""
    gc.collect()
    gc.freeze()


def prefer_data() -> None:
    """Rank this process above ordinary work, below control: what it misses is lost data."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, DATA_NICE)


def prefer_background() -> None:
    """Rank this process below control and recording."""
    os.setpriority(os.PRIO_PROCESS, 0, BACKGROUND_NICE)
