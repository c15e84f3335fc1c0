"""Encoded index records of an MCAP file until its summary is written, in bounded memory.

The summary of a file has one entry for each chunk: a hundred of them a second at high rates. Beyond
a block they wait in a file beside the episode's. Where that cannot be written they stay in memory:
an index is no reason to end an episode.
"""

from collections.abc import Iterator
from pathlib import Path

from teleop_collect.recording.episode_file import EpisodeFile
from teleop_collect.recording.file_system import FileSystem

BLOCK_BYTES = 256 << 10
INDEX_SUFFIX = ".index"


class IndexStore:
    """Keeps bytes in order.

    Args:
        path: of the file for what does not fit into memory; nothing is put aside when None.
        file_system: calls to use.
    """

    def __init__(self, path: Path | None = None, file_system: FileSystem | None = None) -> None:
        self._path = path
        self._fs = file_system or FileSystem()
        self._file: EpisodeFile | None = None
        self._open = bytearray()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return len(self._open) + (self._file.size if self._file else 0)

    def add(self, record: bytes) -> None:
        """Append a record."""
        self._open += record
        if self._path is not None and len(self._open) >= BLOCK_BYTES:
            self._put_aside(self._path)

    def _put_aside(self, path: Path) -> None:
        try:
            if self._file is None:
                self._file = EpisodeFile(path, self._fs)
            self._file.append([bytes(self._open)])
        except OSError:
            self._path = None
        else:
            self._open.clear()

    def blocks(self) -> Iterator[bytes]:
        """Everything kept, in order.

        Raises:
            OSError: it cannot be read back.
        """
        if self._file is not None:
            yield from self._fs.read_blocks(self._file.path, self._file.size, BLOCK_BYTES)
        if self._open:
            yield bytes(self._open)

    def close(self) -> None:
        """Remove the file; safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            finally:
                self._fs.unlink(file.path)
