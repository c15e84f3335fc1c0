"""Are all files where the metadata says, of allowed size, and is nothing else there?"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from teleop_collect.export.lerobot.layout import BYTES_PER_MB
from teleop_collect.export.lerobot.validation.dataset import DatasetOnDisk


def check_files(dataset: DatasetOnDisk) -> Iterator[str]:
    """Path templates resolve for every episode; shared files respect the size limits."""
    data = Counter(dataset.data_file(episode) for episode in dataset.episodes)
    videos = Counter(
        dataset.video_file(episode, key)
        for episode in dataset.episodes
        for key in dataset.video_keys
    )
    yield from _check_kind(dataset, data, "data", "parquet", "data_files_size_in_mb")
    yield from _check_kind(dataset, videos, "videos", "mp4", "video_files_size_in_mb")
    for path, rows in dataset.data_files.items():
        lengths = sum(e["length"] for e in dataset.episodes if dataset.data_file(e) == path)
        if path in data and rows != lengths:
            yield (
                f"{path.relative_to(dataset.folder)}: {rows} rows, "
                f"but its episodes have {lengths} together"
            )


def _check_kind(
    dataset: DatasetOnDisk, used: Counter[Path], folder: str, suffix: str, limit_key: str
) -> Iterator[str]:
    present = set((dataset.folder / folder).rglob(f"*.{suffix}"))
    for path in sorted(used.keys() - present):
        yield f"{path.relative_to(dataset.folder)}: missing, but episodes refer to it"
    for path in sorted(present - used.keys()):
        yield f"{path.relative_to(dataset.folder)}: no episode refers to it"
    limit_mb = dataset.info[limit_key]
    for path in sorted(used.keys() & present):
        size_mb = path.stat().st_size / BYTES_PER_MB
        if used[path] > 1 and size_mb > limit_mb:
            yield (
                f"{path.relative_to(dataset.folder)}: {size_mb:.1f} MiB with several episodes, "
                f"but {limit_key} is {limit_mb}"
            )
        number = int(path.stem.removeprefix("file-"))
        if number >= dataset.info["chunks_size"]:
            yield (
                f"{path.relative_to(dataset.folder)}: file number {number}, "
                f"but chunks_size is {dataset.info['chunks_size']}"
            )
