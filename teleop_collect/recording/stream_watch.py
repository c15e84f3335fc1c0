"""Looks at an episode's streams while they are recorded and says once what has gone wrong.

A required stream with a nominal rate is silent after half a second, or after five periods where
that is longer, so a person hears of it within a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from teleop_collect.clock import NS_PER_S
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.topics import Stream

SILENT_S = 0.5
SILENT_PERIODS = 5
REPORT_NS = NS_PER_S
"""Losses of one stream are told at most this often."""


@dataclass(frozen=True)
class Notice:
    """Something that happened to a stream.

    Attributes:
        kind: `silent` and `returned` of a required stream; `dropout`: messages lost before they
            reached the recorder (cause `transport`), or images before they were published
            (`device`); `shedding`: messages given up because the disk is slow; `stamps`: the first
            message of an episode whose header stamp is zero, ahead of its receive time, that of
            the message before, or earlier.
        topic: absolute name.
        fields: details, for the event's JSON.
    """

    kind: Literal["silent", "returned", "dropout", "shedding", "stamps"]
    topic: str
    fields: Mapping[str, Any]


class StreamWatch:
    """Watches the streams of one episode.

    Args:
        streams: by absolute topic.
        ledgers: in the same order.
        started_ns: begin of the episode, UTC ns.
    """

    def __init__(
        self, streams: Mapping[str, Stream], ledgers: Sequence[StreamLedger], started_ns: int
    ) -> None:
        self._watched = [
            _Watched(topic, stream, ledger, started_ns)
            for (topic, stream), ledger in zip(streams.items(), ledgers, strict=True)
        ]

    def poll(self, now_ns: int) -> list[Notice]:
        """What has happened since the last call; to be asked several times a second."""
        return [notice for watched in self._watched for notice in watched.poll(now_ns)]

    @property
    def silent(self) -> list[str]:
        """Topics of the required streams that are silent now."""
        return [watched.topic for watched in self._watched if watched.is_silent]

    @property
    def losing(self) -> list[str]:
        """Topics that have lost messages of late, on the way or in the queue."""
        return [watched.topic for watched in self._watched if watched.is_losing]


class _Watched:
    """One stream and what was last said of it."""

    def __init__(self, topic: str, stream: Stream, ledger: StreamLedger, started_ns: int) -> None:
        self.topic = topic
        self.is_silent = False
        self.is_losing = False
        self._ledger = ledger
        self._last_ns = started_ns
        self._limit_ns: float | None = None
        if stream.required and stream.expected_hz and ledger.continuous:
            self._limit_ns = max(SILENT_S, SILENT_PERIODS / stream.expected_hz) * NS_PER_S
        self._is_shedding = False
        self._lost = 0
        self._lost_device = 0
        self._dropped = 0
        self._told_ns = 0
        self._stamps_told: set[str] = set()

    def poll(self, now_ns: int) -> list[Notice]:
        return [*self._silence(now_ns), *self._loss(now_ns), *self._stamps()]

    def _stamps(self) -> list[Notice]:
        """What is wrong with stamps; once each, of streams that one clock should stamp."""
        if self._ledger.expected_hz is None:
            return []
        troubles = {word for word, count in self._ledger.stamp_troubles.items() if count}
        new = sorted(troubles - self._stamps_told)
        self._stamps_told |= troubles
        return [Notice("stamps", self.topic, {"problem": word}) for word in new]

    def _silence(self, now_ns: int) -> list[Notice]:
        if self._limit_ns is None:
            return []
        before_ns = self._last_ns
        self._last_ns = max(before_ns, self._ledger.last_receive_ns)
        silent_ms = (now_ns - before_ns) / 1e6
        if self.is_silent and self._last_ns > before_ns:
            self.is_silent = False
            return [Notice("returned", self.topic, {"silent_ms": silent_ms})]
        if not self.is_silent and now_ns - self._last_ns > self._limit_ns:
            self.is_silent = True
            return [Notice("silent", self.topic, {"silent_ms": silent_ms})]
        return []

    def _loss(self, now_ns: int) -> list[Notice]:
        if self._told_ns and now_ns - self._told_ns < REPORT_NS:
            return []
        transport = self._ledger.transport.lost
        lost = transport if isinstance(transport, int) else self._lost
        device = self._ledger.device.lost
        lost_device = device if isinstance(device, int) else self._lost_device
        dropped = self._ledger.dropped_queue
        notices = []
        if lost > self._lost:
            fields = {"cause": "transport", "count": lost - self._lost, "total": lost}
            notices.append(Notice("dropout", self.topic, fields))
        if lost_device > self._lost_device:
            new = lost_device - self._lost_device
            fields = {"cause": "device", "count": new, "total": lost_device}
            notices.append(Notice("dropout", self.topic, fields))
        sheds = dropped > self._dropped
        if sheds and not self._is_shedding:
            notices.append(Notice("shedding", self.topic, {"total": dropped}))
        self._is_shedding = sheds
        self.is_losing = bool(notices) or sheds
        self._lost, self._lost_device, self._dropped = lost, lost_device, dropped
        if self.is_losing:
            self._told_ns = now_ns
        return notices
