"""Labels given after an episode was closed: appended to labels.jsonl, never overwritten."""

import json
from pathlib import Path

from teleop_collect.clock import Clock, SystemClock
from teleop_collect.episodes.labels import FILE_NAME
from teleop_collect.errors import ConfigError
from teleop_collect.provenance.manifest import MANIFEST_FILE, iso_utc
from teleop_collect.recording.episode_file import FileSystem, append_durably


def append_label(
    episode_dir: Path,
    success: bool,
    operator: str,
    reason: str | None = None,
    *,
    clock: Clock | None = None,
    file_system: FileSystem | None = None,
) -> None:
    """Add one label to a finished episode and wait until it is on the disk.

    Args:
        episode_dir: the episode's folder.
        success: whether the task worked.
        operator: pseudonym of the person who says so.
        reason: why, in free text.
        clock: time of the label.
        file_system: calls to use.

    Raises:
        ConfigError: there is no finished episode in that folder.
        OSError: the disk refused.
    """
    if not (episode_dir / MANIFEST_FILE).is_file():
        raise ConfigError(f"cannot label {episode_dir}: it holds no finished episode")
    at_ns = (clock or SystemClock()).utc_ns()
    label = {
        "at": iso_utc(at_ns),
        "at_ns": at_ns,
        "episode_id": episode_dir.name,
        "success": success,
        "operator": operator,
        "reason": reason,
    }
    line = json.dumps(label).encode() + b"\n"
    append_durably(file_system or FileSystem(), episode_dir / FILE_NAME, line)
