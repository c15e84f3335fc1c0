"""Do the rows, the episodes and the tasks agree with each other?"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from teleop_collect.export.lerobot.layout import INFO_PATH, TASKS_PATH, TIMESTAMP_TOLERANCE_S
from teleop_collect.export.lerobot.validation.dataset import DatasetOnDisk


def check_totals(dataset: DatasetOnDisk) -> Iterator[str]:
    """Sum of lengths = total_frames = number of rows = largest index + 1."""
    total = dataset.info["total_frames"]
    lengths = sum(episode["length"] for episode in dataset.episodes)
    index = dataset.rows["index"]
    counted = {
        "sum of episode lengths": lengths,
        "rows in data files": len(index),
        "largest index + 1": int(index.max()) + 1,
    }
    for what, count in counted.items():
        if count != total:
            yield f"{INFO_PATH}: total_frames is {total}, but the {what} is {count}"
    if dataset.info["total_episodes"] != len(dataset.episodes):
        yield (
            f"{INFO_PATH}: total_episodes is {dataset.info['total_episodes']}, "
            f"but the episode table has {len(dataset.episodes)} rows"
        )
    split = f"0:{len(dataset.episodes)}"
    if dataset.info.get("splits") != {"train": split}:
        yield f"{INFO_PATH}: splits is {dataset.info.get('splits')}, expected train {split!r}"


def check_episodes(dataset: DatasetOnDisk) -> Iterator[str]:
    """Rows of the episode table are 0..N-1 in order, and their index ranges follow each other."""
    following = 0
    for position, episode in enumerate(dataset.episodes):
        where = f"episode table row {position}"
        if episode["episode_index"] != position:
            yield f"{where}: episode_index is {episode['episode_index']}, expected {position}"
        first, end = episode["dataset_from_index"], episode["dataset_to_index"]
        if first != following:
            yield f"{where}: dataset_from_index is {first}, expected {following}"
        if end - first != episode["length"] or episode["length"] < 1:
            yield f"{where}: length is {episode['length']}, but its index range is {first}..{end}"
        following = end


def check_rows(dataset: DatasetOnDisk) -> Iterator[str]:
    """`index` counts all rows; within an episode, frame_index and timestamp start at 0."""
    index = dataset.rows["index"]
    wrong = np.flatnonzero(index != np.arange(len(index)))
    if len(wrong):
        yield f"data row {wrong[0]}: index is {index[wrong[0]]}, expected {wrong[0]}"
    for episode, rows in dataset.of_each_episode():
        yield from _check_episode_rows(dataset, episode, rows)


def _check_episode_rows(
    dataset: DatasetOnDisk, episode: dict[str, Any], rows: slice
) -> Iterator[str]:
    number = episode["episode_index"]
    frames = np.arange(episode["length"])
    expected = {
        "episode_index": np.full(len(frames), number),
        "frame_index": frames,
        "timestamp": frames / dataset.fps,
    }
    for column, values in expected.items():
        found = dataset.rows[column][rows]
        tolerance = TIMESTAMP_TOLERANCE_S if column == "timestamp" else 0
        # Negated, so that NaN is wrong as well.
        wrong = np.flatnonzero(~(np.abs(found - values) <= tolerance))
        if len(wrong):
            yield (
                f"episode {number} row {wrong[0]}: {column} is {found[wrong[0]]}, "
                f"expected {values[wrong[0]]}"
            )


def check_tasks(dataset: DatasetOnDisk) -> Iterator[str]:
    """Tasks are numbered in order; every row's task exists and is among its episode's tasks."""
    tasks = dataset.tasks
    if "task_index" not in tasks or list(tasks["task_index"]) != list(range(len(tasks))):
        yield f"{TASKS_PATH}: task_index must count from 0 in order"
        return
    if dataset.info["total_tasks"] != len(tasks):
        yield (
            f"{INFO_PATH}: total_tasks is {dataset.info['total_tasks']}, "
            f"but there are {len(tasks)} tasks"
        )
    names = list(tasks.index)
    for episode, rows in dataset.of_each_episode():
        for task in np.unique(dataset.rows["task_index"][rows]):
            name = names[task] if 0 <= task < len(names) else None
            if name is None or name not in episode["tasks"]:
                yield (
                    f"episode {episode['episode_index']}: task_index {task} ({name!r}) "
                    f"is not among its tasks {episode['tasks']}"
                )
