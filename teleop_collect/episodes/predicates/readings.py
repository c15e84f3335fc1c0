"""The newest message of every topic that conditions need, decoded when somebody asks."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.predicates.geometry import is_rigid
from teleop_collect.episodes.predicates.messages import joints_of, pose_of, wrench_of
from teleop_collect.episodes.predicates.sources import Sense, Source
from teleop_collect.errors import UnreadableError
from teleop_collect.samples import JointSample, Pose, WrenchSample

MAX_AGE_NS = NS_PER_S
"""A message older than this does not say how things are."""
UNKNOWN = math.nan
_DECODE: Mapping[Sense, Callable[[bytes], Any]] = {
    Sense.POSE: pose_of,
    Sense.JOINTS: joints_of,
    Sense.ASKED: joints_of,
    Sense.WRENCH: wrench_of,
}


class Readings:
    """What is known at one moment; what is missing, stale or malformed is unknown.

    Args:
        started_ns: start of the episode, UTC ns.
    """

    def __init__(self, started_ns: int) -> None:
        self._started_ns = started_ns
        self._now_ns = started_ns
        self._newest: dict[Source, tuple[bytes, int]] = {}
        self._decoded: dict[Source, Any] = {}

    @property
    def t_s(self) -> float:
        """Time since the start of the episode, s."""
        return (self._now_ns - self._started_ns) / NS_PER_S

    def move_to(self, now_ns: int) -> None:
        """Let time pass until `now_ns`."""
        self._now_ns = now_ns

    def take(self, source: Source, data: bytes, receive_ns: int) -> None:
        """A message has come."""
        self._newest[source] = (data, receive_ns)
        self._decoded.pop(source, None)

    def pose(self, name: str) -> tuple[Pose, str] | None:
        """Pose of an object and the frame that it is given in."""
        sample = self._sample(Source(Sense.POSE, name))
        if sample is None or not is_rigid(sample.pose):
            return None
        return sample.pose, sample.frame_id

    def position(self, arm: str, joint: str, asked: bool = False) -> float:
        """Position of a joint as measured (or as it was sent), rad or m; NaN when unknown."""
        sample: JointSample | None = self._sample(
            Source(Sense.ASKED if asked else Sense.JOINTS, arm)
        )
        return UNKNOWN if sample is None else _at(sample.names, sample.position, joint)

    def velocity(self, arm: str, joint: str) -> float:
        """Measured velocity of a joint, rad/s or m/s; NaN when unknown."""
        sample: JointSample | None = self._sample(Source(Sense.JOINTS, arm))
        return UNKNOWN if sample is None else _at(sample.names, sample.velocity, joint)

    def wrench(self, arm: str) -> WrenchSample | None:
        """Newest wrench of an arm."""
        sample: WrenchSample | None = self._sample(Source(Sense.WRENCH, arm))
        return sample

    def _sample(self, source: Source) -> Any:
        data, receive_ns = self._newest.get(source, (b"", 0))
        if not data or self._now_ns - receive_ns > MAX_AGE_NS:
            return None
        if source not in self._decoded:
            try:
                self._decoded[source] = _DECODE[source.sense](data)
            except UnreadableError:
                self._decoded[source] = None
        return self._decoded[source]


def _at(names: tuple[str, ...], values: tuple[float, ...], joint: str) -> float:
    if joint not in names or names.index(joint) >= len(values):
        return UNKNOWN
    value = values[names.index(joint)]
    return value if math.isfinite(value) else UNKNOWN
