"""The thread that waits for the disk, so that the writing one need not.

While an fsync runs, chunks go on into the kernel's cache, where they survive the end of this
process. A sync is due each second, or sooner when much has been written, so that little is left to
wait for when an episode is closed.
"""

import threading

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.recording.episode_file import EpisodeFile

SYNC_BYTES = 16 << 20
"""A sync begins at the latest when so much has been written since the last one began."""


class SyncThread:
    """Syncs one file whenever that is due.

    Args:
        file: appended to by another thread.
        period_s: longest time between two syncs.
        clock: for the period.
    """

    def __init__(self, file: EpisodeFile, period_s: float, clock: Clock) -> None:
        self._file = file
        self._period_ns = round(period_s * NS_PER_S)
        self._clock = clock
        self._began_ns = clock.monotonic_ns()
        self._began_bytes = file.size
        self._error: OSError | None = None
        self._wanted = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="episode-sync", daemon=True)
        self._thread.start()

    def is_due(self, now_ns: int) -> bool:
        """Whether a sync should begin; not while one runs.

        Args:
            now_ns: monotonic time.

        Raises:
            OSError: the last one failed.
        """
        self._raise_failure()
        if not self._idle.is_set():
            return False
        written = self._file.size - self._began_bytes
        return now_ns - self._began_ns >= self._period_ns or written >= SYNC_BYTES

    def begin(self) -> None:
        """Begin a sync of what has been written so far; returns at once."""
        self._began_ns = self._clock.monotonic_ns()
        self._began_bytes = self._file.size
        self._idle.clear()
        self._wanted.set()

    def end(self) -> None:
        """Wait for a sync that runs, and end the thread.

        Raises:
            OSError: it failed.
        """
        self._ending = True
        self._wanted.set()
        self._thread.join()
        self._raise_failure()

    def _raise_failure(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if not self._idle.is_set():
                try:
                    self._file.sync()
                except OSError as error:
                    self._error = error
                self._idle.set()
            if self._ending:
                return
