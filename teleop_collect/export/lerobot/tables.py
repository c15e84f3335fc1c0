"""The Parquet tables of a dataset: rows of data, episodes, tasks and alignment."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from teleop_collect.export.lerobot.features import DatasetFeatures
from teleop_collect.export.lerobot.layout import (
    BYTES_PER_MB,
    INDEX_COLUMNS,
    TASKS_PATH,
    Limits,
    Place,
)
from teleop_collect.export.lerobot.stats import STAT_NAMES, Stats

Columns = Mapping[str, Any]


def data_schema(features: DatasetFeatures) -> pa.Schema:
    """Schema of the data files: vectors as fixed-size lists, then the index columns."""
    fields = [
        pa.field(key, pa.list_(pa.float32(), len(names))) for key, names in features.vectors.items()
    ]
    fields += [pa.field(key, pa.type_for_alias(dtype)) for key, dtype in INDEX_COLUMNS.items()]
    described: dict[str, Any] = {
        key: {
            "feature": {"dtype": "float32", "_type": "Value"},
            "length": len(names),
            "_type": "Sequence",
        }
        for key, names in features.vectors.items()
    }
    described |= {key: {"dtype": dtype, "_type": "Value"} for key, dtype in INDEX_COLUMNS.items()}
    return pa.schema(
        fields, metadata={"huggingface": json.dumps({"info": {"features": described}})}
    )


def data_table(schema: pa.Schema, columns: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Rows of one episode; vectors have shape (steps, n), index columns (steps,)."""
    arrays = []
    for field in schema:
        values = np.ascontiguousarray(columns[field.name])
        if pa.types.is_fixed_size_list(field.type):
            flat = pa.array(values.astype(np.float32).ravel())
            arrays.append(pa.FixedSizeListArray.from_arrays(flat, type=field.type))
        else:
            arrays.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


class DataFiles:
    """Writes each episode as one row group, beginning a new file where the size limit says so."""

    def __init__(self, folder: Path, schema: pa.Schema, limits: Limits) -> None:
        self._folder = folder
        self._schema = schema
        self._limits = limits
        self._place = Place()
        self._sink: Any = None
        self._writer: Any = None

    def write(self, table: pa.Table) -> Place:
        """Append one episode and say where it went."""
        limit = self._limits.data_files_size_in_mb * BYTES_PER_MB
        if self._writer is None:
            self._open()
        # Uncompressed size bounds what the episode can add, footer aside.
        elif self._sink.tell() + table.nbytes > limit:
            self.close()
            self._place = self._place.following(self._limits.chunks_size)
            self._open()
        self._writer.write_table(table)
        return self._place

    def close(self) -> None:
        """Write the footer of the open file."""
        if self._writer is not None:
            self._writer.close()
            self._sink.close()
            self._writer = None

    def _open(self) -> None:
        path = self._folder / self._place.data_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(
            self._sink, self._schema, compression="snappy", use_dictionary=True
        )


def data_files(folder: Path) -> list[Path]:
    """Data files of a dataset, in row order."""
    return sorted((folder / "data").glob("*/*.parquet"))


def read_vector(paths: Iterable[Path], key: str, width: int) -> NDArray[np.float64]:
    """A vector or index column of some data files, shape (rows, width), in row order."""
    parts = []
    for path in paths:
        # Without partitioning: a folder named a=b further up is no column.
        for chunk in pq.read_table(path, columns=[key], partitioning=None)[key].chunks:
            flat = chunk.flatten() if pa.types.is_fixed_size_list(chunk.type) else chunk
            parts.append(flat.to_numpy(zero_copy_only=False))
    return np.concatenate(parts).astype(np.float64).reshape(-1, width)


def flat_stats(stats: Mapping[str, Stats]) -> dict[str, Any]:
    """Statistics as columns of the episode table: stats/<feature>/<name>, nested lists."""
    return {
        f"stats/{key}/{name}": values[name].tolist()
        for key, values in stats.items()
        for name in STAT_NAMES
    }


def write_episodes(folder: Path, rows: Sequence[Columns], limits: Limits) -> None:
    """Write the episode table, in as many files as the size limit asks for."""
    limit = limits.data_files_size_in_mb * BYTES_PER_MB
    bytes_per_row = max(pa.Table.from_pylist(list(rows[:16])).nbytes // min(len(rows), 16), 1)
    rows_per_file = max(limit // (2 * bytes_per_row), 1)
    place = Place()
    for start in range(0, len(rows), rows_per_file):
        where = {
            "meta/episodes/chunk_index": place.chunk_index,
            "meta/episodes/file_index": place.file_index,
        }
        part = [{**row, **where} for row in rows[start : start + rows_per_file]]
        path = folder / place.episodes_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(part, schema=_episode_schema(part[0])), path)
        place = place.following(limits.chunks_size)


def _episode_schema(row: Columns) -> pa.Schema:
    """Column types from one row; success may be unknown in it, and is boolean all the same."""
    schema = pa.Table.from_pylist([row]).schema
    position = schema.get_field_index("success")
    return schema.set(position, pa.field("success", pa.bool_())) if position >= 0 else schema


def write_tasks(folder: Path, tasks: Sequence[str]) -> None:
    """Write the task table: instruction as index, task_index as column; readers look up by both."""
    index = pd.Index(list(tasks), name="task", dtype="object")
    frame = pd.DataFrame({"task_index": np.arange(len(tasks), dtype=np.int64)}, index=index)
    frame.to_parquet(folder / TASKS_PATH)
