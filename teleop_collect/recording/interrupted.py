"""Recovers what earlier recorders of a root left unfinished, while this one is ready to record.

The work rests while an episode is recorded: disk and cores are the episode's then.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from teleop_collect.errors import TeleopCollectError
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.place import Place
from teleop_collect.recording.salvage import SalvageReport, salvage_episode, unfinished

OnRecovered = Callable[[SalvageReport], None]
OnFailure = Callable[[Place, str], None]


class InterruptedEpisodes:
    """The unfinished episodes of one root, each dealt with once.

    Args:
        root: dataset root whose lock the caller holds.
        calls: file calls to use.
        on_recovered: told of each episode that was recovered, from the thread that did it.
        on_failure: told of each that could not be, and why; it stays where it is.
    """

    def __init__(
        self, root: Path, calls: FileSystem, on_recovered: OnRecovered, on_failure: OnFailure
    ) -> None:
        # Looked up now: later this recorder's own episodes are in progress, too.
        self._places = unfinished(root, calls)
        self._calls = calls
        self._on_recovered = on_recovered
        self._on_failure = on_failure
        self._may_work = threading.Event()
        self._may_work.set()
        self._ends = False
        self._thread: threading.Thread | None = None
        self.working_on: str | None = None
        """The episode that is being recovered; None when none is."""

    def begin(self) -> None:
        """Recover all of them in a thread."""
        self._thread = threading.Thread(target=self._run, name="salvage", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.recover()
        except _Ended:
            pass
        finally:
            self.working_on = None

    def recover(self) -> list[Path]:
        """Recover all of them now; returns the new episode folders."""
        done = []
        while self._places:
            place = self._places.pop(0)
            self.working_on = place.episode_id
            try:
                report = salvage_episode(place, self._calls, self._pause)
            except TeleopCollectError as error:
                self._on_failure(place, str(error))
            else:
                done.append(report.output)
                self._on_recovered(report)
        self.working_on = None
        return done

    def _pause(self) -> None:
        self._may_work.wait()
        if self._ends:
            raise _Ended

    def hold(self) -> None:
        """Let the work rest."""
        self._may_work.clear()

    def go_on(self) -> None:
        """Let the work go on."""
        self._may_work.set()

    def close(self) -> None:
        """End the work; what is half done begins anew at the next start. Safe to call twice."""
        self._ends = True
        self._may_work.set()
        if self._thread is not None:
            self._thread.join()


class _Ended(Exception):
    """The recorder closes."""
