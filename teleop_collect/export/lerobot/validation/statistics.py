"""Are the statistics complete, finite, in order and of the right count?"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from teleop_collect.export.lerobot.layout import INDEX_COLUMNS, STATS_PATH
from teleop_collect.export.lerobot.stats import ORDERED_STATS, STAT_NAMES, sampled_steps
from teleop_collect.export.lerobot.tables import read_vector
from teleop_collect.export.lerobot.validation.dataset import DatasetOnDisk

_ROUNDING = 1e-9
# The data are float32; their extremes pass through text and back in stats.json.
_RELATIVE = 1e-6


def check_statistics(dataset: DatasetOnDisk) -> Iterator[str]:
    """Of each episode, and of the whole dataset; the latter's extremes also against the data."""
    missing = [key for key in dataset.features if key not in dataset.stats]
    if missing:
        yield f"{STATS_PATH}: no statistics of {missing}"
        return
    for key in dataset.features:
        stats = dataset.stats[key]
        lengths = [episode["length"] for episode in dataset.episodes]
        yield from _check_one(STATS_PATH, dataset, key, stats, lengths)
        for episode in dataset.episodes:
            where = f"episode {episode['episode_index']}"
            own = {name: episode.get(f"stats/{key}/{name}") for name in STAT_NAMES}
            yield from _check_one(where, dataset, key, own, [episode["length"]])
    yield from _check_extremes(dataset)


def _check_one(
    where: str, dataset: DatasetOnDisk, key: str, stats: Mapping[str, Any], lengths: list[int]
) -> Iterator[str]:
    absent = [name for name in STAT_NAMES if stats.get(name) is None]
    if absent:
        yield f"{where}: {key} lacks {absent}"
        return
    video = key in dataset.video_keys
    shape = (3, 1, 1) if video else tuple(dataset.features[key]["shape"])
    arrays = {name: np.asarray(stats[name], dtype=np.float64) for name in STAT_NAMES}
    count = sum(len(sampled_steps(n)) for n in lengths) if video else sum(lengths)
    if arrays["count"].shape != (1,) or arrays["count"][0] != count:
        yield f"{where}: {key} count is {stats['count']}, expected [{count}]"
    for name in (*ORDERED_STATS, "mean", "std"):
        if arrays[name].shape != shape:
            yield f"{where}: {key} {name} has shape {arrays[name].shape}, expected {shape}"
            return
        if not np.isfinite(arrays[name]).all():
            yield f"{where}: {key} {name} is not finite: {stats[name]}"
            return
    yield from _check_order(where, key, arrays)


def _check_order(where: str, key: str, arrays: Mapping[str, Any]) -> Iterator[str]:
    slack = _ROUNDING * (1 + np.abs(arrays["max"]) + np.abs(arrays["min"]))
    for low, high in pairwise(ORDERED_STATS):
        if (arrays[low] > arrays[high] + slack).any():
            yield f"{where}: {key} {low} is greater than {high}"
    inside = (arrays["min"] - slack <= arrays["mean"]) & (arrays["mean"] <= arrays["max"] + slack)
    if not inside.all():
        yield f"{where}: {key} mean lies outside min..max"
    if (arrays["std"] < 0).any():
        yield f"{where}: {key} std is negative"


def _check_extremes(dataset: DatasetOnDisk) -> Iterator[str]:
    """Largest and smallest values in the data are those that the statistics state."""
    for key in (*dataset.vector_keys, *INDEX_COLUMNS):
        width = dataset.features[key]["shape"][0]
        for name, reduce in (("min", np.min), ("max", np.max)):
            per_file = [
                reduce(read_vector([path], key, width), axis=0) for path in dataset.data_files
            ]
            found = reduce(per_file, axis=0)
            stated = np.asarray(dataset.stats[key][name])
            if not np.allclose(found, stated, rtol=_RELATIVE, atol=_RELATIVE):
                yield (
                    f"{STATS_PATH}: {key} {name} is {stated.tolist()}, the data's {found.tolist()}"
                )
