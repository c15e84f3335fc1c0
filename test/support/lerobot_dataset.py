"""Making small LeRobot datasets in a folder, for tests that read or damage them."""

from pathlib import Path

from teleop_collect.export.lerobot.features import DatasetFeatures
from teleop_collect.export.lerobot.layout import Limits
from teleop_collect.export.lerobot.video import Codec, VideoSettings
from teleop_collect.export.lerobot.writer import DatasetWriter
from teleop_collect.export.steps import EpisodeSteps


def write_dataset(
    folder: Path,
    episodes: list[EpisodeSteps],
    *,
    limits: Limits | None = None,
    codec: Codec = "h264",
) -> Path:
    """Write episodes into a new folder and return it."""
    folder.mkdir(parents=True)
    features = DatasetFeatures.of(episodes[0])
    video = VideoSettings(features.fps, codec)
    writer = DatasetWriter(folder, features, video, tuple(episodes[0].skew_ns), limits)
    for steps in episodes:
        writer.add(steps)
    writer.finish({"codec": codec}, [])
    return folder
