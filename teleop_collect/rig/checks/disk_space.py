"""Check: the recording folder has room."""

import shutil
from pathlib import Path

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good


class DiskSpace:
    """Free space against `recording.min_free_bytes`."""

    name = "disk_space"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Ask the file system that holds the recording root."""
        root = context.recording_root
        limit = context.rig.recording.min_free_bytes
        try:
            free = shutil.disk_usage(_existing(root)).free
        except OSError as error:
            todo = "set recording.root to a folder that can be written"
            return bad(self, f"{root}: {error.strerror}", todo, "unknown", limit, "bytes")
        message = f"{free / 1e9:.1f} GB free for {root}"
        if free < limit:
            todo = "free space, or set recording.root to a larger disk"
            return bad(self, message, todo, free, limit, "bytes")
        return good(self, message, free, limit, "bytes")


def _existing(path: Path) -> Path:
    """The nearest folder that exists: the root itself is made by the first recording."""
    return next((p for p in (path, *path.parents) if p.is_dir()), path)
