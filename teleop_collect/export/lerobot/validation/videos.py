"""Does every row have its own image, and is it the right one?"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from teleop_collect.errors import CheckFailed
from teleop_collect.export.lerobot.fingerprint import (
    TOLERANCE_LEVELS,
    distance_levels,
    fingerprint,
)
from teleop_collect.export.lerobot.layout import TIMESTAMP_TOLERANCE_S
from teleop_collect.export.lerobot.validation.dataset import DatasetOnDisk
from teleop_collect.export.lerobot.video import decode_frames, frame_numbers

Episodes = list[dict[str, Any]]


def check_video_frames(dataset: DatasetOnDisk) -> Iterator[str]:
    """Frames stand at n / fps without gap; episodes fill each file exactly, in order."""
    for key, path, episodes in _files(dataset):
        where = str(path.relative_to(dataset.folder))
        try:
            numbers = frame_numbers(path, dataset.fps)
        except av.FFmpegError as error:
            yield f"{where}: cannot be read: {error}"
            continue
        tolerance = TIMESTAMP_TOLERANCE_S * dataset.fps
        wrong = [n for n, at in enumerate(numbers) if abs(at - n) > tolerance]
        if wrong:
            yield (
                f"{where}: frame {wrong[0]} stands at {numbers[wrong[0]] / dataset.fps:.6f} s, "
                f"expected {wrong[0] / dataset.fps:.6f} s"
            )
        yield from _check_spans(dataset, key, where, episodes, len(numbers))


def _check_spans(
    dataset: DatasetOnDisk, key: str, where: str, episodes: Episodes, frames: int
) -> Iterator[str]:
    following = 0
    for episode in episodes:
        begin, end = following, following + episode["length"]
        for name, number in (("from", begin), ("to", end)):
            stated_s = episode[f"videos/{key}/{name}_timestamp"]
            if abs(stated_s - number / dataset.fps) > TIMESTAMP_TOLERANCE_S:
                yield (
                    f"episode {episode['episode_index']}: videos/{key}/{name}_timestamp is "
                    f"{stated_s}, expected {number / dataset.fps}"
                )
        following = end
    if following != frames:
        yield f"{where}: {frames} frames, but its episodes have {following} rows together"


def check_images(dataset: DatasetOnDisk) -> Iterator[str]:
    """The first and the last image of each episode decode, with their size and their content."""
    entries = (dataset.provenance or {}).get("episodes", [])
    originals = {entry["episode_index"]: entry["image_fingerprints"] for entry in entries}
    for key, path, episodes in _files(dataset):
        ends = [
            (episode, end, _frame_number(dataset, episode, key, end))
            for episode in episodes
            for end in ("first", "last")
        ]
        where = str(path.relative_to(dataset.folder))
        images = decode_frames(path, (number for _, _, number in ends), dataset.fps)
        try:
            for (episode, end, number), image in zip(ends, images, strict=True):
                what = f"{where} frame {number}, the {end} of episode {episode['episode_index']}"
                if list(image.shape) != dataset.features[key]["shape"]:
                    yield f"{what}: is {image.shape}, expected {dataset.features[key]['shape']}"
                    continue
                original = originals.get(episode["episode_index"], {}).get(key)
                if original is None:
                    continue
                off = distance_levels(fingerprint(image), bytes.fromhex(original[end]))
                if off > TOLERANCE_LEVELS:
                    yield f"{what}: is another image than was exported ({off:.0f} levels off)"
        except (av.FFmpegError, CheckFailed) as error:
            yield f"{where}: cannot be decoded: {error}"


def _frame_number(dataset: DatasetOnDisk, episode: dict[str, Any], key: str, end: str) -> int:
    first = round(float(episode[f"videos/{key}/from_timestamp"]) * dataset.fps)
    return first if end == "first" else first + int(episode["length"]) - 1


def _files(dataset: DatasetOnDisk) -> Iterator[tuple[str, Path, Episodes]]:
    """Each video file with its camera and its episodes, in the order of their frames."""
    for key in dataset.video_keys:
        files: dict[Path, Episodes] = defaultdict(list)
        for episode in dataset.episodes:
            files[dataset.video_file(episode, key)].append(episode)
        for path, episodes in files.items():
            ordered = sorted(episodes, key=lambda e: float(e[f"videos/{key}/from_timestamp"]))
            yield key, path, ordered
