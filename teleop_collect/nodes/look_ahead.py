"""Reads what is being recorded, in a thread that gives way to all others."""

import os
import threading
from contextlib import suppress
from pathlib import Path

from teleop_collect.nodes.host import Host
from teleop_collect.qa.early import EarlyLook
from teleop_collect.recording.place import Place

POLL_S = 0.02
CHUNKS_A_POLL = 4
"""In larger bites, cameras and joints of a busy machine were seen to miss ticks."""
NICE = 15
"""What is not read ahead is read in the end."""


class LookAhead:
    """Follows one episode at a time.

    Args:
        host: of the node; the thread ends with its stop.
        root: where the recorder of this machine writes. Where it writes elsewhere, nothing is read
            ahead.
    """

    def __init__(self, host: Host, root: Path) -> None:
        self._host, self._root = host, root
        self._lock = threading.Lock()
        self._early: EarlyLook | None = None
        threading.Thread(target=self._run, name="look ahead", daemon=True).start()

    def begin(self, episode_id: str) -> None:
        """Follow an episode that is being recorded."""
        with suppress(OSError), self._lock:
            self._early = EarlyLook(Place(self._root, episode_id).active_file)

    def take(self) -> EarlyLook | None:
        """What was seen, to be closed by the caller; no episode is followed any more."""
        with self._lock:
            early, self._early = self._early, None
        return early

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while not self._host.stop.wait(POLL_S):
            with self._lock:
                if self._early is not None:
                    self._advance(self._early)

    def _advance(self, early: EarlyLook) -> None:
        try:
            early.advance(CHUNKS_A_POLL)
        except Exception as error:
            # Whatever it was: the episode is read as a whole in the end.
            self._host.node.get_logger().warning(f"not read while it is recorded: {error}")
            early.close()
            self._early = None
