"""How many episodes of each task a dataset root holds: what a session resumes from."""

import threading
from collections import Counter
from pathlib import Path

from teleop_collect.errors import UnreadableError
from teleop_collect.provenance.manifest import Manifest, read_manifest
from teleop_collect.recording.place import EPISODES


class Progress:
    """Counts finished episodes by task, from the root's manifests and as they come and go.

    Args:
        root: dataset root; its episodes are counted once, here. Folders without a readable
            manifest do not count.
    """

    def __init__(self, root: Path) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        for folder in (root / EPISODES).iterdir():
            try:
                self._counts[read_manifest(folder).task.task_id] += 1
            except UnreadableError:
                continue

    def count(self, task_id: str) -> int:
        """Finished episodes of a task."""
        return self._counts[task_id]

    def add(self, manifest: Manifest) -> None:
        """An episode was finished, or recovered; from any thread."""
        with self._lock:
            self._counts[manifest.task.task_id] += 1

    def remove(self, manifest: Manifest) -> None:
        """A finished episode was undone."""
        with self._lock:
            self._counts[manifest.task.task_id] -= 1
