"""What checks look at: an episode read once, its rig, its arms, and facts of its images."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.mapping import LoadedMapping, check_topics
from teleop_collect.episodes.reader import SAMPLED, Episode
from teleop_collect.episodes.streams import Int64Array, StreamData, StreamInfo, StreamTimes
from teleop_collect.errors import UnreadableError
from teleop_collect.qa.arms import ArmStreams, arms_of, recorded_rig
from teleop_collect.qa.early import EarlyLook
from teleop_collect.qa.images import ImageFacts, ImageProbe
from teleop_collect.qa.motion import Motion
from teleop_collect.rig.config import Rig

COMMAND_TYPES = (topics.JOINT_TRAJECTORY, topics.FLOAT64_MULTI_ARRAY)
ENGAGED = "engaged"
MAX_NS = 1 << 62
NOTHING = np.zeros(0, dtype=np.int64)
NO_TIMES = StreamTimes(NOTHING, NOTHING, NOTHING, NOTHING)
MIN_FOR_RATE = 10
USUAL = (0.5, 1.5)
"""Intervals, in medians, that a rate is taken from: neither gaps nor bursts."""
DISCOVERY_NS = 2 * NS_PER_S
"""By which streams of a bag without manifest may begin late or end early: other recorders subscribe
when they discover a topic, and stop without a word. What is missing there was never asked for."""
SPARE_NS, MAX_SPAN_RATIO = 60 * NS_PER_S, 2
"""How much longer than the time of its reception the stamps of a stream may say that it lasted."""


@dataclass(frozen=True)
class Span:
    """A stretch of time in which a stream is due, ns since the Unix epoch."""

    start_ns: int
    end_ns: int


class Evidence:
    """One episode under examination; every file is read once.

    Args:
        episode: opened.
        mapping: which topic is which stream, for recordings of others.
        early: what was looked at while it was recorded; what it saw of another file is not used.

    Attributes:
        episode: as given.
        mapping: as given.
        damage: what could not be read, in words.
        images: facts by image topic.
        sha256: of the recording, hex; None for several files, or where no hash was recorded.

    Raises:
        ConfigError: the mapping does not fit the recording.
        UnreadableError: it holds messages, and none of them can be decoded.
    """

    def __init__(
        self,
        episode: Episode,
        mapping: LoadedMapping | None = None,
        early: EarlyLook | None = None,
    ) -> None:
        self.episode = episode
        self.mapping = mapping
        if mapping is not None:
            types = {topic: info.type for topic, info in episode.streams.items()}
            check_topics(mapping.mapping, types)
        self.damage: list[str] = []
        probes = {
            topic: ImageProbe(topic, info.count, partial(episode.decode, topic))
            for topic, info in episode.streams.items()
            if info.type in IMAGE_TYPES
        }
        self.sha256 = _sha256(episode)
        # Bytes that are the ones the recorder wrote need no second comparison, chunk by chunk.
        is_proven = self.sha256 is not None and self.sha256 == self.recorded_sha256
        begun = early if early is not None and is_proven and episode.continues(early.scan) else None
        if begun is not None:
            _look_at_begun(begun, probes)
        episode.scan(
            on_image=lambda topic, raw: probes[topic].see(raw),
            on_damage=lambda error: self.damage.append(str(error)),
            check_crc=not is_proven,
            early=begun.scan if begun else None,
        )
        self.images: dict[str, ImageFacts] = {t: probe.facts() for t, probe in probes.items()}
        _check_content(episode, self.images, self.damage)
        _ = episode.attachments, episode.metadata  # which end here when they cannot be read
        self._read: dict[str, StreamData] = {}

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest; empty without one."""
        return self.episode.manifest or {}

    @property
    def recorded_sha256(self) -> str | None:
        """SHA-256 of the recording as the manifest has it, hex."""
        recorded = self.episode.manifest_part("hashes").get("mcap_sha256")
        return recorded if isinstance(recorded, str) else None

    @cached_property
    def ledgers(self) -> Mapping[str, Mapping[str, Any]]:
        """Streams of the manifest that are well-formed, by topic."""
        streams = self.episode.manifest_part("streams")
        return {topic: entry for topic, entry in streams.items() if isinstance(entry, dict)}

    def times(self, topic: str) -> StreamTimes:
        """Times of a stream."""
        return self.episode.times(topic)

    def read(self, topic: str) -> StreamData | None:
        """A stream as arrays; None when it is absent, empty or malformed, or lasts for ages."""
        if topic not in self.episode.streams:
            return None
        if topic not in self._read:
            try:
                self._read[topic] = self.episode.read(topic)
                _check_span(self._read[topic])
            except UnreadableError as error:
                self._read[topic] = StreamData(topic, "", NO_TIMES, (), {})
                self.damage.append(f"{topic}: {error}")
        data = self._read[topic]
        return data if len(data) else None

    def periodic(self) -> Iterator[tuple[StreamInfo, float]]:
        """Streams with a nominal rate that are in the file, with that rate in Hz."""
        for info in self.episode.streams.values():
            expected_hz = self.expected_hz(info)
            if expected_hz and len(self.times(info.topic)):
                yield info, expected_hz

    def expected_hz(self, info: StreamInfo) -> float | None:
        """Nominal rate: of the manifest, else of the mapping, else by the usual interval."""
        if self.episode.manifest is not None:
            return info.expected_hz
        given = self.mapping.mapping.rates_hz.get(info.topic) if self.mapping else None
        return given or self._typical_hz(info)

    @property
    def discovery_ns(self) -> int:
        """How much of a stream may be missing at the ends of the episode without being a loss."""
        return DISCOVERY_NS if self.episode.manifest is None else 0

    def is_required(self, info: StreamInfo) -> bool:
        """Whether a stream matters: as the manifest or the mapping says, else every sensor does."""
        if self.episode.manifest is not None:
            return info.required
        if self.mapping is not None and self.mapping.mapping.required:
            return info.topic in self.mapping.mapping.required
        return info.type in SAMPLED

    def _typical_hz(self, info: StreamInfo) -> float | None:
        if info.type not in SAMPLED or len(self.times(info.topic)) < MIN_FOR_RATE:
            return None
        stamp_ns = np.sort(self.times(info.topic).stamp_ns)
        intervals_ns = (stamp_ns[1:] - stamp_ns[:-1]).astype(np.float64)
        ratios = intervals_ns / max(1.0, float(np.median(intervals_ns)))
        # Of a stream that ticks unevenly the median alone is off; its gaps would spoil a mean.
        usual_ns = intervals_ns[(ratios >= USUAL[0]) & (ratios <= USUAL[1])]
        return NS_PER_S / float(usual_ns.mean()) if len(usual_ns) and usual_ns.mean() else None

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
        return recorded_rig(self.episode)

    @cached_property
    def arms(self) -> tuple[ArmStreams, ...]:
        """The arms whose follower or actions were recorded."""
        return arms_of(self.episode, self.rig, self.mapping)

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

    def is_engaged(self, motion: Motion) -> NDArray[np.bool_]:
        """For each row, whether teleoperation was engaged; always where its status is missing."""
        if self._engaged is None:
            return np.ones(len(motion), dtype=bool)
        at_ns = motion.stamp_ns
        inside = np.zeros(len(motion), dtype=bool)
        for span in self._engaged:
            inside |= (at_ns >= span.start_ns) & (at_ns <= span.end_ns)
        return inside

    @cached_property
    def states(self) -> dict[str, tuple[Int64Array, list[str]]]:
        """Times and teleoperation state (lower case) by the name of its status, one an arm."""
        return {
            name.removesuffix(".state"): (stamps, [str(s).lower() for s in column])
            for name, stamps, column in self._named_columns("state")
        }

    def _status_columns(self, key: str) -> list[tuple[Int64Array, Any]]:
        return [(stamps, column) for _, stamps, column in self._named_columns(key)]

    def _named_columns(self, key: str) -> list[tuple[str, Int64Array, Any]]:
        topic = next((t for t in self.episode.streams if t.endswith(topics.TELEOP_STATUS)), None)
        data = self.read(topic) if topic else None
        if data is None:
            return []
        found = [(name, column) for name, column in data.values.items() if name.endswith(f".{key}")]
        return [(name, data.stamp_ns, column) for name, column in found]

    def _all_times(self) -> Iterator[StreamTimes]:
        return (self.times(topic) for topic in self.episode.streams)


def _check_content(
    episode: Episode, images: Mapping[str, ImageFacts], damage: Sequence[str]
) -> None:
    """Refuse a recording of which nothing can be decoded: it is damaged, or hostile, or foreign.

    Raises:
        UnreadableError: nothing can; the message has the first problem.
    """
    problems = list(damage)
    filled = [topic for topic in episode.streams if len(episode.times(topic))]
    for topic in filled:
        try:
            first = next(iter(episode.read_messages(topic)))
            episode.decode(topic, first.data)
        except UnreadableError as error:
            problems.append(f"{topic}: {error}")
            continue
        unreadable = images[topic].unreadable if topic in images else None
        if unreadable is None:
            return
        problems.append(f"{topic}: {unreadable}")
    if filled:
        raise UnreadableError(
            f"{episode.episode_id}: none of its messages can be decoded ({problems[0]}); "
            "this is no episode"
        )


def _check_span(data: StreamData) -> None:
    """Refuse stamps that spread a stream over a time in which it was not received.

    Raises:
        UnreadableError: they do.
    """
    stamps, log_ns = _set(data.stamp_ns), data.times.log_ns
    if not len(stamps):
        return
    span_ns, received_ns = int(np.ptp(stamps)), int(np.ptp(log_ns))
    if span_ns > MAX_SPAN_RATIO * received_ns + SPARE_NS:
        raise UnreadableError(
            f"its stamps say that it lasted {span_ns / NS_PER_S:.0f} s, but it was received within "
            f"{received_ns / NS_PER_S:.1f} s; what it holds was not checked"
        )


def _set(stamp_ns: Int64Array) -> Int64Array:
    """Stamps that were set at all."""
    return stamp_ns[stamp_ns > 0]


def _is_engaged(column: Any) -> Any:
    return np.array([str(state).lower() == ENGAGED for state in column], dtype=bool)


def _look_at_begun(early: EarlyLook, probes: Mapping[str, ImageProbe]) -> None:
    """Take over what was seen of images, and look at the pixels that are wanted of them."""
    wanted = {topic: probes[topic].resume(seen) for topic, seen in early.compared.items()}
    for topic, position, raw in early.scan.images(wanted):
        probes[topic].look(position, raw)


def _sha256(episode: Episode) -> str | None:
    is_recorded = isinstance(episode.manifest_part("hashes").get("mcap_sha256"), str)
    if not is_recorded or len(episode.mcap_paths) != 1:
        return None
    with episode.mcap_paths[0].open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
