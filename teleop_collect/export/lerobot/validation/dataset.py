"""A dataset as it lies on disk: metadata, tables and the columns that order its rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from teleop_collect.errors import UnreadableError
from teleop_collect.export.lerobot.layout import (
    CODEBASE_VERSION,
    INDEX_COLUMNS,
    INFO_PATH,
    PROVENANCE_PATH,
    STATS_PATH,
    TASKS_PATH,
)
from teleop_collect.export.lerobot.tables import data_files

_REQUIRED_INFO: dict[str, type | tuple[type, ...]] = {
    "fps": int,
    "features": dict,
    "total_episodes": int,
    "total_frames": int,
    "total_tasks": int,
    "chunks_size": int,
    "data_files_size_in_mb": int,
    "video_files_size_in_mb": int,
    "data_path": str,
    "video_path": (str, type(None)),
}


@dataclass(frozen=True)
class DatasetOnDisk:
    """What was read.

    Attributes:
        folder: where.
        info: meta/info.json.
        stats: meta/stats.json.
        tasks: task table; instructions as index.
        episodes: rows of the episode table, in file order.
        rows: the index columns of all data files, in file order, each of shape (rows,).
        data_files: data files in order, with their number of rows.
        provenance: meta/provenance.json, or None.
    """

    folder: Path
    info: dict[str, Any]
    stats: dict[str, Any]
    tasks: pd.DataFrame
    episodes: list[dict[str, Any]]
    rows: dict[str, NDArray[Any]]
    data_files: dict[Path, int]
    provenance: dict[str, Any] | None

    @property
    def fps(self) -> int:
        """Steps a second."""
        return int(self.info["fps"])

    @property
    def features(self) -> dict[str, dict[str, Any]]:
        """Features by key."""
        return dict(self.info["features"])

    @property
    def video_keys(self) -> list[str]:
        """Keys of features stored as video."""
        return [key for key, feature in self.features.items() if feature.get("dtype") == "video"]

    @property
    def vector_keys(self) -> list[str]:
        """Keys of features stored as fixed-size lists."""
        stored = {*self.video_keys, *INDEX_COLUMNS}
        return [key for key in self.features if key not in stored]

    def data_file(self, episode: dict[str, Any]) -> Path:
        """The data file that holds an episode."""
        path = str(self.info["data_path"]).format(
            chunk_index=episode["data/chunk_index"], file_index=episode["data/file_index"]
        )
        return self.folder / path

    def video_file(self, episode: dict[str, Any], key: str) -> Path:
        """The video file that holds an episode's images of one camera."""
        path = str(self.info["video_path"]).format(
            video_key=key,
            chunk_index=episode[f"videos/{key}/chunk_index"],
            file_index=episode[f"videos/{key}/file_index"],
        )
        return self.folder / path

    def of_each_episode(self) -> Iterator[tuple[dict[str, Any], slice]]:
        """Each episode with its rows as the episode table says."""
        for episode in self.episodes:
            yield episode, slice(episode["dataset_from_index"], episode["dataset_to_index"])


def read_dataset(folder: Path) -> DatasetOnDisk:
    """Read everything but vectors and videos.

    Raises:
        UnreadableError: a file is missing or cannot be read, named in the message.
    """
    info = _json(folder / INFO_PATH)
    _require_info(info)
    episodes = [
        row
        for path in sorted((folder / "meta" / "episodes").glob("*/*.parquet"))
        for row in _table(path, None).to_pylist()
    ]
    tables = {path: _table(path, list(INDEX_COLUMNS)) for path in data_files(folder)}
    if not tables or not episodes:
        raise UnreadableError(f"{folder}: no data or no episode table, so there is no dataset")
    joined = pa.concat_tables(tables.values())
    provenance = folder / PROVENANCE_PATH
    return DatasetOnDisk(
        folder=folder,
        info=info,
        stats=_json(folder / STATS_PATH),
        tasks=_task_table(folder / TASKS_PATH),
        episodes=episodes,
        rows={name: np.asarray(joined[name]) for name in INDEX_COLUMNS},
        data_files={path: table.num_rows for path, table in tables.items()},
        provenance=_json(provenance) if provenance.exists() else None,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise UnreadableError(f"{path}: holds {type(value).__name__}, expected an object")
    return value


def _table(path: Path, columns: list[str] | None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error


def _task_table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error


def _require_info(info: dict[str, Any]) -> None:
    if info.get("codebase_version") != CODEBASE_VERSION:
        raise UnreadableError(
            f"{INFO_PATH}: codebase_version is {info.get('codebase_version')!r}, "
            f"expected {CODEBASE_VERSION!r}"
        )
    for key, kind in _REQUIRED_INFO.items():
        if key not in info or not isinstance(info[key], kind):
            raise UnreadableError(f"{INFO_PATH}: {key} is {info.get(key)!r}, expected {kind}")
    if info["fps"] <= 0:
        raise UnreadableError(f"{INFO_PATH}: fps is {info['fps']}, expected more than 0")
