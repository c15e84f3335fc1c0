"""Work without the right to a file or folder, also when the tests run as root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def without_rights(path: Path) -> Iterator[None]:
    """Nobody may write to `path` meanwhile, and root is not root."""
    mode, was = path.stat().st_mode, os.geteuid()
    path.chmod(0o555 if path.is_dir() else 0)
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)
        path.chmod(mode)
