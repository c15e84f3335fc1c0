"""What checks look at: an episode read once, its rig, its arms, and facts of its images."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.reader import Episode
from teleop_collect.episodes.streams import Int64Array, StreamData, StreamInfo, StreamTimes
from teleop_collect.errors import ConfigError, UnreadableError
from teleop_collect.qa.images import ImageFacts, ImageProbe
from teleop_collect.rig.config import Rig
from teleop_collect.rig.description import JointBounds, RobotDescription, effective_limits
from teleop_collect.rig.yaml_document import parse_yaml

RIG_ATTACHMENT, URDF_SUFFIX = "rig.yaml", ".urdf"
COMMAND_TYPES = (topics.JOINT_TRAJECTORY, topics.FLOAT64_MULTI_ARRAY)
ENGAGED = "engaged"
MAX_NS = 1 << 62
REVOLUTE = ("revolute", "continuous")


@dataclass(frozen=True)
class ArmStreams:
    """Topics of one arm, None where nothing was recorded, and its joints' bounds by name."""

    prefix: str
    follower: str | None
    requested: str | None
    sent: str | None
    wrench: str | None
    bounds: Mapping[str, JointBounds]
    revolute: frozenset[str]

    def unit(self, joint: str) -> str:
        """Unit of a joint's position; rad where no description says otherwise."""
        return "rad" if joint in self.revolute or joint not in self.bounds else "m"


@dataclass(frozen=True)
class Span:
    """A stretch of time in which a stream is due, ns since the Unix epoch."""

    start_ns: int
    end_ns: int


class Evidence:
    """One episode under examination; every file is read once.

    Args:
        episode: opened.

    Attributes:
        episode: as given.
        damage: what could not be read, in words.
        images: facts by image topic.
    """

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.damage: list[str] = []
        counts = {t: i.count for t, i in episode.streams.items() if i.type in IMAGE_TYPES}
        probes = {topic: ImageProbe(topic, count) for topic, count in counts.items()}
        episode.scan(
            on_image=lambda topic, raw, message: probes[topic].see(message),
            on_damage=lambda error: self.damage.append(str(error)),
        )
        self.images: dict[str, ImageFacts] = {t: probe.facts() for t, probe in probes.items()}
        self._read: dict[str, StreamData] = {}

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest; empty without one."""
        return self.episode.manifest or {}

    @cached_property
    def ledgers(self) -> Mapping[str, Mapping[str, Any]]:
        """Streams of the manifest that are well-formed, by topic."""
        streams = self.episode.manifest_part("streams")
        return {topic: entry for topic, entry in streams.items() if isinstance(entry, dict)}

    def times(self, topic: str) -> StreamTimes:
        """Times of a stream."""
        return self.episode.times(topic)

    def read(self, topic: str) -> StreamData | None:
        """A stream as arrays; None when it is absent, empty or malformed."""
        if topic not in self.episode.streams:
            return None
        if topic not in self._read:
            try:
                self._read[topic] = self.episode.read(topic)
            except UnreadableError as error:
                self.damage.append(f"{topic}: {error}")
                return None
        data = self._read[topic]
        return data if len(data) else None

    def periodic(self) -> Iterator[tuple[StreamInfo, float]]:
        """Streams with a nominal rate that are in the file, with that rate in Hz."""
        for info in self.episode.streams.values():
            if info.expected_hz and len(self.times(info.topic)):
                yield info, info.expected_hz

    @cached_property
    def start_ns(self) -> int:
        """First moment of the episode: as the manifest says, else the first message."""
        started = self.manifest.get("started_ns")
        if isinstance(started, int) and 0 < started < MAX_NS:
            return started
        firsts = [int(t.log_ns[0]) for t in self._all_times() if len(t)]
        return min(firsts, default=0)

    @cached_property
    def covered(self) -> Span:
        """From the first to the last sample of any periodic stream."""
        stamps = [_set(self.times(info.topic).stamp_ns) for info, _ in self.periodic()]
        stamps = [s for s in stamps if len(s)]
        if not stamps:
            return Span(self.start_ns, self.start_ns)
        return Span(min(int(s.min()) for s in stamps), max(int(s.max()) for s in stamps))

    def t_s(self, at_ns: int) -> float:
        """Seconds since the start of the episode."""
        return (at_ns - self.start_ns) / NS_PER_S

    def due(self, info: StreamInfo) -> list[Span]:
        """When a stream has to flow: always, but commands only while teleoperation is engaged."""
        is_command = info.type in COMMAND_TYPES or info.topic.endswith(
            (topics.ACTION_REQUESTED, topics.ACTION_SENT)
        )
        return self._engaged if is_command and self._engaged is not None else [self.covered]

    @cached_property
    def rig(self) -> Rig | None:
        """The rig file inside the recording; None when there is none of this version."""
        data = self.episode.attachments.get(RIG_ATTACHMENT)
        try:
            return (
                None
                if data is None
                else Rig.model_validate_json(json.dumps(parse_yaml(data).data), strict=True)
            )
        except (ConfigError, ValidationError):
            return None

    @cached_property
    def arms(self) -> tuple[ArmStreams, ...]:
        """The arms whose follower or actions were recorded."""
        endings = (topics.FOLLOWER_JOINT_STATES, topics.ACTION_SENT)
        prefixes = {
            topic.removesuffix(ending)
            for topic in self.episode.streams
            for ending in endings
            if topic.endswith(f"/{ending}")
        }
        return tuple(self._arm(prefix) for prefix in sorted(prefixes))

    def carrier(self, topic: str) -> str | None:
        """Prefix of the arm that carries the camera of a topic; None for a camera in the world."""
        if self.rig is None:
            return None
        parents = [c.mount.parent for n, c in self.rig.cameras.items() if f"/cameras/{n}/" in topic]
        arm = self.rig.arms.get(parents[0].split("/")[0]) if parents else None
        if arm is None:
            return None
        ending = f"/{arm.prefix}/" if arm.prefix else "/"
        return next((a.prefix for a in self.arms if a.prefix.endswith(ending)), None)

    @cached_property
    def limiters(self) -> tuple[Int64Array, Int64Array] | None:
        """Times of teleoperation's ticks while engaged and the limiter bits active then."""
        columns = self._status_columns("limiters")
        states = self._status_columns("state")
        if not columns or not states:
            return None
        stamp_ns, texts = columns[0][0], [column for _, column in columns]
        bits = np.zeros(len(stamp_ns), dtype=np.int64)
        for column in texts:
            bits |= np.array([int(x) if str(x).isdecimal() else 0 for x in column], dtype=np.int64)
        engaged = np.all([_is_engaged(column) for _, column in states], axis=0)
        return stamp_ns[engaged], bits[engaged]

    @cached_property
    def _engaged(self) -> list[Span] | None:
        """When all arms were engaged; None when teleoperation's status was not recorded."""
        states = self._status_columns("state")
        if not states:
            return None
        engaged = np.all([_is_engaged(column) for _, column in states], axis=0)
        stamp_ns = states[0][0]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], engaged.astype(np.int8), [0]])))
        return [
            Span(int(stamp_ns[first]), int(stamp_ns[last - 1]))
            for first, last in edges.reshape(-1, 2)
        ]

    def _status_columns(self, key: str) -> list[tuple[Int64Array, Any]]:
        topic = next((t for t in self.episode.streams if t.endswith(topics.TELEOP_STATUS)), None)
        data = self.read(topic) if topic else None
        if data is None:
            return []
        return [(data.stamp_ns, v) for name, v in data.values.items() if name.endswith(f".{key}")]

    def _arm(self, prefix: str) -> ArmStreams:
        def present(name: str) -> str | None:
            return prefix + name if prefix + name in self.episode.streams else None

        bounds, revolute = self._bounds(prefix.strip("/"))
        return ArmStreams(
            prefix,
            present(topics.FOLLOWER_JOINT_STATES),
            present(topics.ACTION_REQUESTED),
            present(topics.ACTION_SENT),
            present(topics.FOLLOWER_WRENCH),
            bounds,
            revolute,
        )

    def _bounds(self, prefix: str) -> tuple[Mapping[str, JointBounds], frozenset[str]]:
        """Bounds by joint and the names of revolute joints, from the recording's URDF."""
        arms = self.rig.arms if self.rig else {}
        fitting = [
            n for n, arm in arms.items() if f"/{prefix}".endswith(f"/{arm.prefix}".rstrip("/"))
        ]
        name = max(fitting, key=lambda n: len(arms[n].prefix), default=None)
        urdfs = {n: d for n, d in self.episode.attachments.items() if n.endswith(URDF_SUFFIX)}
        data = urdfs.get(f"{name}{URDF_SUFFIX}") or (
            next(iter(urdfs.values())) if len(urdfs) == 1 else None
        )
        if data is None:
            return {}, frozenset()
        try:
            description = RobotDescription.from_bytes(data, Path("robot.urdf"))
            revolute = {j.name for j in description.joints.values() if j.type in REVOLUTE}
            if name is not None:
                return effective_limits(arms[name], description), frozenset(revolute)
        except ConfigError:
            return {}, frozenset()
        joints = description.joints.values()
        bounds = {j.name: JointBounds(j.lower, j.upper, j.velocity) for j in joints}
        return bounds, frozenset(revolute)

    def _all_times(self) -> Iterator[StreamTimes]:
        return (self.times(topic) for topic in self.episode.streams)


def _set(stamp_ns: Int64Array) -> Int64Array:
    """Stamps that were set at all."""
    return stamp_ns[stamp_ns > 0]


def _is_engaged(column: Any) -> Any:
    return np.array([str(state).lower() == ENGAGED for state in column], dtype=bool)
