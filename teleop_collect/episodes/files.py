"""What lies at a path: an episode folder, a folder of another rosbag2 recorder, or one file."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from teleop_collect.errors import UnreadableError

MANIFEST, METADATA, QA = "manifest.json", "metadata.yaml", "qa.json"
MAX_MANIFEST_BYTES = 4 << 20
MAX_METADATA_BYTES = 1 << 20
MAX_FILES = 1000


@dataclass(frozen=True)
class EpisodeFiles:
    """The files of one episode.

    Attributes:
        path: what was opened.
        folder: the episode's folder; None when a bare file was opened.
        mcaps: MCAP files in recording order.
        manifest: content of manifest.json; None without one.
    """

    path: Path
    folder: Path | None
    mcaps: tuple[Path, ...]
    manifest: dict[str, Any] | None


def find_files(path: Path) -> EpisodeFiles:
    """The files of the episode at `path`.

    Raises:
        UnreadableError: there is none, or its manifest is malformed.
    """
    if path.is_file():
        beside = path.parent if (path.parent / MANIFEST).is_file() else None
        return EpisodeFiles(path, beside, (path,), read_manifest(path.parent))
    if not path.is_dir():
        raise UnreadableError(f"{path}: no such file or folder")
    # A pipe or device of that name would be waited for.
    mcaps = _listed(path) or tuple(sorted(f for f in path.glob("*.mcap") if f.is_file()))
    if len(mcaps) > MAX_FILES:
        raise UnreadableError(f"{path}: holds over {MAX_FILES} .mcap files; this is no episode")
    if not mcaps:
        raise UnreadableError(f"{path}: holds no .mcap file{_hint(path)}")
    return EpisodeFiles(path, path, mcaps, read_manifest(path))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an episode folder; None when it has none.

    Raises:
        UnreadableError: it is too large or not a JSON object.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    content = read_json(path)
    if not isinstance(content.get("streams", {}), dict):
        raise UnreadableError(f"{path}: `streams` is not an object")
    return content


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of sane size.

    Raises:
        UnreadableError: it is too large or not a JSON object.
    """
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise UnreadableError(f"{path}: over the limit of {MAX_MANIFEST_BYTES} bytes")
    try:
        content = json.loads(
            path.read_text(encoding="utf-8"), parse_float=_finite, parse_constant=_finite
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path}: is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise UnreadableError(f"{path}: holds no JSON object")
    return content


def _finite(text: str) -> float:
    """A number that JSON may hold (Python would take NaN and infinities, too)."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no finite number")
    return value


def _listed(folder: Path) -> tuple[Path, ...]:
    """Files that rosbag2's metadata names, in its order; names may not leave the folder."""
    path = folder / METADATA
    if not path.is_file() or path.stat().st_size > MAX_METADATA_BYTES:
        return ()
    try:
        content = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 (a safe loader)
        names = content["rosbag2_bagfile_information"]["relative_file_paths"]
        files = [folder / Path(n).name for n in names[:MAX_FILES] if isinstance(n, str)]
    except (yaml.YAMLError, KeyError, TypeError, RecursionError, ValueError):
        return ()
    return tuple(file for file in files if file.suffix == ".mcap" and file.is_file())


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _hint(folder: Path) -> str:
    if any(folder.glob("*.mcap.active")):
        return f"; its recording was interrupted, recover it with: teleop-collect salvage {folder}"
    if any(folder.glob("*.db3")):
        return "; it is a sqlite3 bag, convert it with: ros2 bag convert"
    if any(folder.glob("*.mcap.*")):
        return "; its files are compressed as a whole, unpack them first"
    if (folder / "episodes").is_dir():
        return "; it is a dataset root, name one of its episodes"
    return ""
