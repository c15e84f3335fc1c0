"""Is a folder a LeRobotDataset v3.0 that training can trust? Reads it back and says what is wrong.

Everything is read from the files alone, so datasets of other writers can be judged as well; only
the comparison of images with their originals needs this package's provenance file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from teleop_collect.errors import CheckFailed, UnreadableError
from teleop_collect.export.lerobot.validation.dataset import DatasetOnDisk, read_dataset
from teleop_collect.export.lerobot.validation.features import check_features, check_vectors
from teleop_collect.export.lerobot.validation.files import check_files
from teleop_collect.export.lerobot.validation.rows import (
    check_episodes,
    check_rows,
    check_tasks,
    check_totals,
)
from teleop_collect.export.lerobot.validation.statistics import check_statistics
from teleop_collect.export.lerobot.validation.videos import check_images, check_video_frames

Check = Callable[[DatasetOnDisk], Iterator[str]]

CHECKS: dict[str, Check] = {
    "totals": check_totals,
    "episodes": check_episodes,
    "rows": check_rows,
    "tasks": check_tasks,
    "features": check_features,
    "vectors": check_vectors,
    "statistics": check_statistics,
    "files": check_files,
    "video_frames": check_video_frames,
    "images": check_images,
}

# Checks whose premises the others need: with these wrong, the rest would only repeat the news.
_PREMISES = ("totals", "episodes", "features", "files")
_MAX_REPORTED = 10


def problems_of(folder: Path) -> list[str]:
    """Everything that is wrong with a dataset, in words; empty when it is good."""
    try:
        dataset = read_dataset(folder)
    except UnreadableError as error:
        return [str(error)]
    found: list[str] = []
    for name in _PREMISES:
        found += CHECKS[name](dataset)
    if found:
        return found
    for name, check in CHECKS.items():
        if name not in _PREMISES:
            found += check(dataset)
    return found


def require_valid(folder: Path) -> None:
    """Refuse a dataset that is not as it should be.

    Raises:
        CheckFailed: naming what is wrong.
    """
    found = problems_of(folder)
    if found:
        listed = "\n  ".join(found[:_MAX_REPORTED])
        more = f"\n  and {len(found) - _MAX_REPORTED} more" if len(found) > _MAX_REPORTED else ""
        raise CheckFailed(f"the dataset is not valid, so it is not kept:\n  {listed}{more}")
