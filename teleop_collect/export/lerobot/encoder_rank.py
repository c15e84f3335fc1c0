"""The rank that a video encoder must not take.

SVT-AV1, when root runs it, puts its threads and its caller into SCHED_FIFO, above every ordinary
process of the machine, and leaves the caller there for good. An export would then keep cores from a
rig that records beside it.
"""

import contextlib
import os
from pathlib import Path

_THREADS = Path("/proc/self/task")
_REAL_TIME = (os.SCHED_FIFO, os.SCHED_RR)


class EncoderRank:
    """Remembers the ranks of this process, to take back what an encoder changes."""

    def __init__(self) -> None:
        self._policy = os.sched_getscheduler(0)
        self._parameters = os.sched_getparam(0)
        self._before = set(os.listdir(_THREADS))

    def restore(self) -> None:
        """Give this thread its rank back, and threads that have come since the ordinary one."""
        os.sched_setscheduler(0, self._policy, self._parameters)
        for thread in set(os.listdir(_THREADS)) - self._before:
            # A thread may end while it is looked at.
            with contextlib.suppress(OSError):
                if os.sched_getscheduler(int(thread)) in _REAL_TIME:
                    os.sched_setscheduler(int(thread), os.SCHED_OTHER, os.sched_param(0))
