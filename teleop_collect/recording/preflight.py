"""What must hold before an episode starts: a writable root of one's own, and room on the disk."""

import fcntl
import os
from pathlib import Path

from teleop_collect.errors import BusyError, CheckFailed, ConfigError
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.place import EPISODES, IN_PROGRESS

LOCK_FILE = ".recorder.lock"
EXPECTED_FACTOR = 3
WARN_FACTOR = 5
_RECENT_EPISODES = 20


class RootLock:
    """Makes this process the only recorder of a dataset root, until closed.

    Args:
        root: created when missing, with its two folders.

    Raises:
        BusyError: another recorder has it.
        ConfigError: it cannot be written.
    """

    def __init__(self, root: Path) -> None:
        try:
            for name in (EPISODES, IN_PROGRESS):
                (root / name).mkdir(parents=True, exist_ok=True)
            self._fd = os.open(root / LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigError(
                f"cannot write to the dataset root {root}: {error.strerror};"
                " set recording.root of the rig file to a folder you may write"
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise BusyError(
                f"another recorder is using {root}; stop it or choose another recording.root"
            ) from None

    def close(self) -> None:
        """Let others record there."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def expected_episode_bytes(root: Path) -> int:
    """Size of the largest of the latest episodes; 0 when there is none yet."""
    latest = sorted((root / EPISODES).iterdir(), reverse=True)[:_RECENT_EPISODES]
    sizes = [f.stat().st_size for folder in latest for f in folder.glob("*.mcap")]
    return max(sizes, default=0)


def check_free_space(root: Path, min_free_bytes: int, file_system: FileSystem) -> str | None:
    """Refuse to start on a disk that might not hold the episode.

    Returns:
        A warning when less than five times an expected episode is free; None otherwise.

    Raises:
        CheckFailed: less is free than `min_free_bytes` or three times an expected episode.
        ConfigError: the root cannot be looked at.
    """
    try:
        free = file_system.free_bytes(root)
        expected = expected_episode_bytes(root)
    except OSError as error:
        raise ConfigError(f"cannot use the dataset root {root}: {error}") from None
    needed = max(min_free_bytes, EXPECTED_FACTOR * expected)
    if free < needed:
        raise CheckFailed(
            f"not enough space to record in {root}: {free >> 20} MiB free, {needed >> 20} MiB"
            " needed (recording.min_free_bytes, or three times the largest recent episode);"
            " free some space"
        )
    if free < WARN_FACTOR * expected:
        return (
            f"little space left in {root}: {free >> 20} MiB free, a recent episode took"
            f" {expected >> 20} MiB; free some space soon"
        )
    return None
