"""The small files beside an episode's large one: written last, in space kept since its start."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from teleop_collect.recording.episode_file import EpisodeFile
from teleop_collect.recording.file_system import FileSystem

RESERVED_BYTES = 256 << 10
"""For each; what a rig of a hundred streams writes."""
PART_SUFFIX = ".part"


class SmallFiles:
    """Files of one folder, each under a name of its own only once it is whole and on the disk.

    Args:
        folder: theirs.
        names: of the files that may be written.
        file_system: calls to use.

    Raises:
        OSError: there is no room for them; none remains.
    """

    def __init__(self, folder: Path, names: Iterable[str], file_system: FileSystem) -> None:
        self._folder = folder
        self._fs = file_system
        self._files: dict[str, EpisodeFile] = {}
        with ExitStack() as undo:
            undo.callback(self.remove)
            for name in names:
                self._files[name] = EpisodeFile(folder / (name + PART_SUFFIX), file_system)
                self._files[name].reserve(RESERVED_BYTES)
            undo.pop_all()

    def write(self, name: str, content: bytes) -> None:
        """Write one of the files and wait until it is on the disk.

        Raises:
            OSError: the disk refused.
        """
        file = self._files[name]
        file.release()
        file.append([content])
        file.sync()
        file.close()
        self._fs.rename(file.path, self._folder / name)
        del self._files[name]

    def close(self) -> None:
        """Leave those that are not written as they are."""
        for file in self._files.values():
            file.close()

    def remove(self) -> None:
        """Remove those that were not written.

        Raises:
            OSError: one could not be removed.
        """
        self.close()
        for file in self._files.values():
            self._fs.unlink(file.path)
        self._files.clear()
