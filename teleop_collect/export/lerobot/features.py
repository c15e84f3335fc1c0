"""What a dataset holds: vectors, cameras and their sizes, the same for all of its episodes."""

from dataclasses import dataclass
from typing import Any

from teleop_collect.errors import ConfigError
from teleop_collect.export.lerobot.layout import (
    ACTION_KEY,
    IMAGE_PREFIX,
    INDEX_COLUMNS,
)
from teleop_collect.export.lerobot.video import VideoSettings
from teleop_collect.export.steps import EpisodeSteps, NamedArray

OBSERVATION_PREFIX = "observation."


@dataclass(frozen=True)
class DatasetFeatures:
    """What every episode of a dataset has.

    Attributes:
        fps: steps a second.
        robot_type: the embodiment.
        vectors: element names by feature key, observations first, then the action.
        cameras: (height, width) in px by feature key.
    """

    fps: int
    robot_type: str
    vectors: dict[str, tuple[str, ...]]
    cameras: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, steps: EpisodeSteps) -> "DatasetFeatures":
        """The features of one episode.

        Raises:
            ConfigError: a name that the format cannot hold, or an image of odd size.
        """
        vectors = {key: vector.names for key, vector in episode_vectors(steps).items()}
        cameras = {
            IMAGE_PREFIX + name: (camera.height, camera.width)
            for name, camera in steps.cameras.items()
        }
        features = cls(steps.fps, steps.source.embodiment, vectors, cameras)
        features._refuse_unwritable(steps.source.episode_id)
        return features

    def require_same(self, steps: EpisodeSteps) -> None:
        """Refuse an episode that does not fit.

        Raises:
            ConfigError: naming the episode and the first difference.
        """
        other = DatasetFeatures.of(steps)
        for difference in self._differences(other):
            raise ConfigError(
                f"episode {steps.source.episode_id} does not fit the dataset: {difference}; "
                "export episodes of one rig set-up at a time"
            )

    def info(self, video: VideoSettings) -> dict[str, dict[str, Any]]:
        """The `features` part of info.json."""
        vectors = {
            key: {"dtype": "float32", "shape": [len(names)], "names": list(names)}
            for key, names in self.vectors.items()
        }
        cameras = {
            key: {
                "dtype": "video",
                "shape": [*size, 3],
                "names": ["height", "width", "channels"],
                "info": video.info(*size),
            }
            for key, size in self.cameras.items()
        }
        columns = {
            key: {"dtype": dtype, "shape": [1], "names": None}
            for key, dtype in INDEX_COLUMNS.items()
        }
        return {**vectors, **cameras, **columns}

    def _differences(self, other: "DatasetFeatures") -> list[str]:
        found = [
            f"{what} is {theirs!r}, expected {ours!r}"
            for what, ours, theirs in (
                ("embodiment", self.robot_type, other.robot_type),
                ("fps", self.fps, other.fps),
                ("set of vectors", sorted(self.vectors), sorted(other.vectors)),
                ("set of cameras", sorted(self.cameras), sorted(other.cameras)),
            )
            if ours != theirs
        ]
        for key in self.vectors.keys() & other.vectors.keys():
            ours, theirs = set(self.vectors[key]), set(other.vectors[key])
            if ours != theirs:
                found.append(
                    f"{key} lacks {sorted(ours - theirs)} and adds {sorted(theirs - ours)}"
                )
        for key in self.cameras.keys() & other.cameras.keys():
            if self.cameras[key] != other.cameras[key]:
                (h, w), (height, width) = self.cameras[key], other.cameras[key]
                found.append(f"{key} is {width}x{height} px, expected {w}x{h} px")
        return found

    def _refuse_unwritable(self, episode_id: str) -> None:
        for name in (*self.vectors, *self.cameras, *(n for v in self.vectors.values() for n in v)):
            if "/" in name:
                raise ConfigError(f"episode {episode_id}: name {name!r} must not contain '/'")
        for key, (height, width) in self.cameras.items():
            if height % 2 or width % 2:
                raise ConfigError(
                    f"episode {episode_id}: {key} is {width}x{height} px; "
                    "video needs an even width and height"
                )


def episode_vectors(steps: EpisodeSteps) -> dict[str, NamedArray]:
    """An episode's vectors by feature key."""
    observation = {OBSERVATION_PREFIX + name: vector for name, vector in steps.observation.items()}
    return {**observation, ACTION_KEY: steps.action}
