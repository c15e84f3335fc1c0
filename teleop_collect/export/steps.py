"""One episode on a fixed time grid: what every training format is written from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
RgbImage = NDArray[np.uint8]


@dataclass(frozen=True)
class CameraSteps:
    """The images of one camera, one for each step.

    Attributes:
        topic: the stream they come from.
        width: px.
        height: px.
        repeated: steps that show the same image as the step before.
        unused: images between the first and the last used one that no step shows.
        images: opens a new pass over the images, in step order; each is RGB of shape
            (height, width, 3). Passes of different cameras may run in different threads.
    """

    topic: str
    width: int
    height: int
    repeated: int
    unused: int
    images: Callable[[], Iterator[RgbImage]]


@dataclass(frozen=True)
class NamedArray:
    """A vector a step: values of shape (steps, len(names)), keyed by name.

    Units follow the names' source: rad or m for joints, N and Nm for wrenches.
    """

    names: tuple[str, ...]
    values: FloatArray

    def ordered(self, names: tuple[str, ...]) -> "NamedArray":
        """The same values with their columns in the order of `names`."""
        if names == self.names:
            return self
        columns = [self.names.index(name) for name in names]
        return NamedArray(names, self.values[:, columns])


@dataclass(frozen=True)
class EpisodeSource:
    """Where an episode came from and what is known of it.

    Attributes:
        episode_id: the episode's identifier.
        embodiment: kind of robot.
        task_id: the task's name in the rig file.
        instruction: the task in words.
        success: the effective label; None when nobody and nothing has labelled it.
        license: SPDX identifier, or "unknown".
        mcap_sha256: hash of the recording, or "unknown".
    """

    episode_id: str
    embodiment: str
    task_id: str
    instruction: str
    success: bool | None
    license: str
    mcap_sha256: str


@dataclass(frozen=True)
class EpisodeSteps:
    """One episode on a time grid of `fps` steps a second.

    Attributes:
        source: where it came from.
        fps: steps a second.
        t_ns: UTC time of each step, ns, shape (steps,).
        observation: vectors observed, by short name ("state", "wrench").
        action: what was sent to the follower.
        cameras: images by camera name.
        skew_ns: for each stream used, time of the sample minus time of the step, shape (steps,).
    """

    source: EpisodeSource
    fps: int
    t_ns: IntArray
    observation: Mapping[str, NamedArray]
    action: NamedArray
    cameras: Mapping[str, CameraSteps]
    skew_ns: Mapping[str, IntArray]

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.t_ns)
