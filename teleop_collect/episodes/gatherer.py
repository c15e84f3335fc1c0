"""Collects one stream while a file is read: its times, and what small messages say."""

from array import array

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.decoding import Decoder
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.episodes.streams import EXTRACTORS, Int64Array, StreamTimes
from teleop_collect.errors import UnreadableError

HEAD_BYTES = 12
"""Encapsulation and stamp of a message whose type begins with a header."""


class Gatherer:
    """One stream as far as it has been read.

    Args:
        topic: the stream.
        type_name: of its messages.
        decode: them; None when that cannot be done.

    Attributes:
        topic: as given.
        type_name: as given.
        is_image: whether its messages are images that can be decoded.
        messages: serialised, of the streams in `EXTRACTORS`.
    """

    def __init__(self, topic: str, type_name: str, decode: Decoder | None) -> None:
        self.topic, self.type_name = topic, type_name
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
        """Of every message, in file order.

        Raises:
            UnreadableError: a time stamp is beyond what 63 bits hold.
        """
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
