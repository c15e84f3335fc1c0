"""The operating system's calls on folders, in one class, where tests make each of them fail."""

import errno
import os
from pathlib import Path


class FolderCalls:
    """Calls that move episodes about; `OSError` from every method."""

    def make_folder(self, path: Path) -> None:
        """Create a new folder and its parents; fails when it exists."""
        path.mkdir(parents=True)

    def rename(self, source: Path, target: Path) -> None:
        """Rename within one file system; an existing empty folder is not an error, data is."""
        if target.exists():
            raise FileExistsError(errno.EEXIST, "refusing to replace", str(target))
        source.rename(target)

    def sync_folder(self, path: Path) -> None:
        """Wait until names in the folder are on the disk."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def move_folder(calls: FolderCalls, source: Path, target: Path) -> None:
    """Move a folder to another one of the same disk, durably; that is made when missing.

    Raises:
        OSError: it stands at `source` still; or it is moved and a loss of power may undo that.
    """
    if not target.parent.is_dir():
        calls.make_folder(target.parent)
        calls.sync_folder(target.parent.parent)
    calls.rename(source, target)
    calls.sync_folder(target.parent)
    calls.sync_folder(source.parent)
