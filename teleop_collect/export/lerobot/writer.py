"""Writes a LeRobotDataset v3.0 folder, one episode after the other."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from teleop_collect.errors import CheckFailed, TeleopCollectError
from teleop_collect.export.lerobot.cameras import Cameras, VideoSpan
from teleop_collect.export.lerobot.features import DatasetFeatures, episode_vectors
from teleop_collect.export.lerobot.layout import (
    CODEBASE_VERSION,
    DATA_PATH,
    INDEX_COLUMNS,
    INFO_PATH,
    STATS_PATH,
    VIDEO_PATH,
    Limits,
    Place,
)
from teleop_collect.export.lerobot.provenance import (
    AlignmentFile,
    episode_entry,
    write_provenance,
)
from teleop_collect.export.lerobot.stats import ImageHistogram, Stats, vector_stats
from teleop_collect.export.lerobot.tables import (
    DataFiles,
    data_files,
    data_schema,
    data_table,
    flat_stats,
    read_vector,
    write_episodes,
    write_tasks,
)
from teleop_collect.export.lerobot.video import VideoSettings
from teleop_collect.export.selection import LeftOut
from teleop_collect.export.steps import EpisodeSteps

Columns = dict[str, NDArray[Any]]


class DatasetWriter:
    """Writes one dataset into an empty folder; the first episode decides its features.

    Call `add` for each episode, then `finish`. After an error the folder is worthless.

    Args:
        folder: an existing empty folder.
        features: what every episode must have.
        video: how images are encoded.
        topics: names of the streams whose skew is recorded.
        limits: file sizes.
    """

    def __init__(
        self,
        folder: Path,
        features: DatasetFeatures,
        video: VideoSettings,
        topics: Sequence[str],
        limits: Limits | None = None,
    ) -> None:
        self.total_frames = 0
        self._folder = folder
        self._features = features
        self._video = video
        self._limits = limits or Limits()
        (folder / "meta").mkdir(parents=True)
        self._schema = data_schema(features)
        self._data = DataFiles(folder, self._schema, self._limits)
        self._cameras = Cameras(folder, tuple(features.cameras), video, self._limits)
        self._alignment = AlignmentFile(folder, topics)
        self._tasks: dict[str, int] = {}
        self._rows: list[dict[str, Any]] = []
        self._entries: list[dict[str, Any]] = []
        self._histograms = {key: ImageHistogram() for key in features.cameras}

    @property
    def total_episodes(self) -> int:
        """Episodes written so far."""
        return len(self._rows)

    def add(self, steps: EpisodeSteps) -> None:
        """Append one episode.

        Raises:
            ConfigError: the episode does not fit the dataset's features.
            CheckFailed: a value is not finite, or images and steps differ in number.
            TeleopCollectError: the video cannot be written (disk full, encoder).
        """
        self._features.require_same(steps)
        number, first_index = len(self._rows), self.total_frames
        task_index = self._tasks.setdefault(steps.source.instruction, len(self._tasks))
        columns = self._columns(steps, number, task_index)
        try:
            spans = self._cameras.write(steps)
        except CheckFailed as error:
            raise CheckFailed(f"episode {steps.source.episode_id}: {error}") from error
        except av.FFmpegError as error:
            raise TeleopCollectError(
                f"episode {steps.source.episode_id}: its video cannot be written: {error}"
            ) from error
        place = self._data.write(data_table(self._schema, columns))
        self._alignment.write(steps, number, first_index)
        stats = {key: vector_stats(_two_dimensional(column)) for key, column in columns.items()}
        for key, span in spans.items():
            stats[key] = span.histogram.stats()
            self._histograms[key].merge(span.histogram)
        self._rows.append(self._episode_row(steps, first_index, place, spans) | flat_stats(stats))
        self._entries.append(episode_entry(number, steps, spans))
        self.total_frames += steps.length

    def finish(self, settings: Mapping[str, Any], left_out: Sequence[LeftOut]) -> None:
        """Complete all files and write the dataset's metadata.

        Args:
            settings: how the export was made, for provenance.
            left_out: episodes that were not exported, for provenance.
        """
        self._data.close()
        self._cameras.close()
        self._alignment.close()
        write_tasks(self._folder, list(self._tasks))
        write_episodes(self._folder, self._rows, self._limits)
        self._write_json(STATS_PATH, self._dataset_stats())
        self._write_json(INFO_PATH, self._info())
        write_provenance(self._folder, settings, self._entries, left_out)

    def _columns(self, steps: EpisodeSteps, number: int, task_index: int) -> Columns:
        """All columns of one episode's rows, vectors ordered as the dataset's features are."""
        frames = np.arange(steps.length, dtype=np.int64)
        vectors = episode_vectors(steps)
        columns: Columns = {
            key: vectors[key].ordered(names).values for key, names in self._features.vectors.items()
        }
        for key, values in columns.items():
            _require_finite(steps.source.episode_id, key, self._features.vectors[key], values)
        return columns | {
            "timestamp": (frames / steps.fps).astype(np.float32),
            "frame_index": frames,
            "episode_index": np.full(steps.length, number, dtype=np.int64),
            "index": frames + self.total_frames,
            "task_index": np.full(steps.length, task_index, dtype=np.int64),
        }

    def _episode_row(
        self, steps: EpisodeSteps, first_index: int, place: Place, spans: Mapping[str, VideoSpan]
    ) -> dict[str, Any]:
        row: dict[str, Any] = {
            "episode_index": len(self._rows),
            "tasks": [steps.source.instruction],
            "length": steps.length,
            "data/chunk_index": place.chunk_index,
            "data/file_index": place.file_index,
            "dataset_from_index": first_index,
            "dataset_to_index": first_index + steps.length,
            "success": steps.source.success,
        }
        for key, span in spans.items():
            row |= {
                f"videos/{key}/chunk_index": span.place.chunk_index,
                f"videos/{key}/file_index": span.place.file_index,
                f"videos/{key}/from_timestamp": span.first / steps.fps,
                f"videos/{key}/to_timestamp": (span.first + span.frames) / steps.fps,
            }
        return row

    def _dataset_stats(self) -> dict[str, Any]:
        """Statistics of all rows and of all sampled images."""
        stats: dict[str, Stats] = {}
        files = data_files(self._folder)
        widths = {key: len(names) for key, names in self._features.vectors.items()}
        for key, width in {**widths, **dict.fromkeys(INDEX_COLUMNS, 1)}.items():
            stats[key] = vector_stats(read_vector(files, key, width))
        for key, histogram in self._histograms.items():
            stats[key] = histogram.stats()
        return {
            key: {name: values.tolist() for name, values in feature.items()}
            for key, feature in stats.items()
        }

    def _info(self) -> dict[str, Any]:
        episodes = len(self._rows)
        return {
            "codebase_version": CODEBASE_VERSION,
            "robot_type": self._features.robot_type,
            "total_episodes": episodes,
            "total_frames": self.total_frames,
            "total_tasks": len(self._tasks),
            "chunks_size": self._limits.chunks_size,
            "data_files_size_in_mb": self._limits.data_files_size_in_mb,
            "video_files_size_in_mb": self._limits.video_files_size_in_mb,
            "fps": self._features.fps,
            "splits": {"train": f"0:{episodes}"},
            "data_path": DATA_PATH,
            "video_path": VIDEO_PATH if self._features.cameras else None,
            "features": self._features.info(self._video),
        }

    def _write_json(self, path: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, indent=4, allow_nan=False)
        (self._folder / path).write_text(text, encoding="utf-8")


def _two_dimensional(column: NDArray[Any]) -> NDArray[np.float64]:
    return column.astype(np.float64).reshape(len(column), -1)


def _require_finite(
    episode_id: str, key: str, names: tuple[str, ...], values: NDArray[np.float64]
) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        step, column = bad[0]
        raise CheckFailed(
            f"episode {episode_id}: {key} {names[column]} is {values[step, column]} at step "
            f"{step}; only finite values can be trained on, so leave this episode out"
        )
