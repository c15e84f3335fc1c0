"""One pass over an episode's files: times of everything, messages of the small streams.

Streams share chunks, so reading them one by one would decompress the file once for each.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.contents import Contents
from teleop_collect.episodes.decoding import Decoder
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.episodes.streams import EXTRACTORS, Int64Array, StreamTimes
from teleop_collect.errors import UnreadableError

HEAD_BYTES = 12
"""Encapsulation and stamp of a message whose type begins with a header."""

OnImage = Callable[[str, RawMessage], None]
OnDamage = Callable[[UnreadableError], None]


@dataclass(frozen=True)
class Scan:
    """What one pass found.

    Attributes:
        times: of every stream.
        messages: serialised messages of the streams in `EXTRACTORS`, in file order.
    """

    times: dict[str, StreamTimes]
    messages: dict[str, list[bytes]]


class _Gatherer:
    """Collects one stream."""

    def __init__(self, topic: str, type_name: str, decode: Decoder | None) -> None:
        self.topic = topic
        self.is_image = type_name in IMAGE_TYPES and decode is not None
        self.decode = decode
        self.keep = type_name in EXTRACTORS
        self.rows = array("Q")
        self.heads: list[bytes] = []
        self.messages: list[bytes] = []

    def add(self, raw: RawMessage) -> int:
        """Take one message; returns the bytes kept."""
        self.rows.extend((raw.log_ns, raw.publish_ns, raw.sequence))
        if self.keep:
            self.messages.append(raw.data.tobytes())
            return len(raw.data)
        self.heads.append(raw.data[:HEAD_BYTES].tobytes())
        return 0

    def times(self) -> StreamTimes:
        table = np.frombuffer(self.rows, dtype=np.uint64).astype(np.int64).reshape(-1, 3)
        if (table < 0).any():
            raise UnreadableError(f"{self.topic}: a time stamp is beyond the year 2262")
        log_ns, publish_ns, sequence = (np.ascontiguousarray(column) for column in table.T)
        return StreamTimes(log_ns, publish_ns, self._stamps(log_ns), sequence)

    def _stamps(self, log_ns: Int64Array) -> Int64Array:
        """Header stamps; receive times where the type or a message has none."""
        heads = [m[:HEAD_BYTES] for m in self.messages] if self.keep else self.heads
        if self.decode is None or not self.decode.has_header or not heads:
            return log_ns.copy()
        whole = b"".join(heads)
        if len(whole) != HEAD_BYTES * len(heads):
            times = zip(heads, log_ns.tolist(), strict=True)
            return np.array([self.decode.stamp_ns(h, log) for h, log in times], dtype=np.int64)
        table = np.frombuffer(whole, dtype=np.uint8).reshape(-1, HEAD_BYTES)
        stamps = _stamps_in(table, "<")
        big = table[:, 1] == 0
        return np.where(big, _stamps_in(table, ">"), stamps) if big.any() else stamps


def _stamps_in(table: NDArray[np.uint8], order: str) -> Int64Array:
    sec = np.ascontiguousarray(table[:, 4:8]).view(f"{order}i4")[:, 0].astype(np.int64)
    nanosec = np.ascontiguousarray(table[:, 8:12]).view(f"{order}u4")[:, 0]
    stamps: Int64Array = sec * NS_PER_S + nanosec
    return stamps


def scan(
    contents: Contents,
    on_image: OnImage | None,
    on_damage: OnDamage | None,
    *,
    check_crc: bool = True,
) -> Scan:
    """Read all files once.

    Args:
        contents: what to read.
        on_image: called with topic and message for each image; it may raise UnreadableError.
        on_damage: called for each damaged chunk or image, which is then left out; without it the
            first one is raised.
        check_crc: compare chunks with their checksums.

    Raises:
        HostileError: the file becomes more than any recording of its size.
        UnreadableError: a chunk is damaged and `on_damage` is not given.
    """
    gatherers = {
        topic: _Gatherer(topic, info.type, contents.decoders[topic])
        for topic, info in contents.streams.items()
    }
    for number, file in enumerate(contents.files):
        by_channel = {i: gatherers[t] for i, t in contents.topics_of(number).items()}
        kept_bytes = max_kept_bytes = max_count = 0
        found = file.messages(on_damage=on_damage, check_crc=check_crc)
        for count, raw in enumerate(found, 1):
            gatherer = by_channel[raw.channel_id]
            kept_bytes += gatherer.add(raw)
            if kept_bytes > max_kept_bytes or count > max_count:
                file.budget.check(str(file.path), count, kept_bytes)
                max_kept_bytes, max_count = file.budget.max_kept_bytes, file.budget.max_messages
            if on_image and gatherer.is_image:
                on_image(gatherer.topic, raw)
    return Scan(
        {topic: g.times() for topic, g in gatherers.items()},
        {topic: g.messages for topic, g in gatherers.items() if g.keep},
    )
