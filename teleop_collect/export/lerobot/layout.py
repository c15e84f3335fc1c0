"""Paths, names and size limits of a LeRobotDataset v3.0 folder."""

from dataclasses import dataclass

CODEBASE_VERSION = "v3.0"

INFO_PATH = "meta/info.json"
STATS_PATH = "meta/stats.json"
TASKS_PATH = "meta/tasks.parquet"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"

# Ours, beside the format's own files: loaders ignore them.
PROVENANCE_PATH = "meta/provenance.json"
ALIGNMENT_PATH = "meta/alignment.parquet"

BYTES_PER_MB = 1 << 20

# A loader finds the frame of a row by its time, and refuses one further away than this.
TIMESTAMP_TOLERANCE_S = 1e-4

STATE_KEY = "observation.state"
ACTION_KEY = "action"
IMAGE_PREFIX = "observation.images."

# Columns of every dataset after the robot's own: name -> dtype.
INDEX_COLUMNS = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}


@dataclass(frozen=True)
class Limits:
    """When to begin a new file or folder; the defaults are the format's.

    Attributes:
        chunks_size: files in one chunk folder.
        data_files_size_in_mb: size of one Parquet file, MiB.
        video_files_size_in_mb: size of one video file, MiB.
    """

    chunks_size: int = 1000
    data_files_size_in_mb: int = 100
    video_files_size_in_mb: int = 200


@dataclass(frozen=True)
class Place:
    """Which file of a kind: chunk folder and file number within it."""

    chunk_index: int = 0
    file_index: int = 0

    def following(self, chunks_size: int) -> "Place":
        """The place after this one."""
        if self.file_index + 1 < chunks_size:
            return Place(self.chunk_index, self.file_index + 1)
        return Place(self.chunk_index + 1, 0)

    def data_path(self) -> str:
        """Path of the data file below the dataset's folder."""
        return DATA_PATH.format(chunk_index=self.chunk_index, file_index=self.file_index)

    def episodes_path(self) -> str:
        """Path of the episode table below the dataset's folder."""
        return EPISODES_PATH.format(chunk_index=self.chunk_index, file_index=self.file_index)

    def video_path(self, video_key: str) -> str:
        """Path of a camera's video below the dataset's folder."""
        return VIDEO_PATH.format(
            video_key=video_key, chunk_index=self.chunk_index, file_index=self.file_index
        )
