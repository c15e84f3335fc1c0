"""One pass over an episode's files: times of everything, messages of the small streams.

Streams share chunks, so reading them one by one would decompress the file once for each.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from teleop_collect.episodes.contents import Contents
from teleop_collect.episodes.decoding import Decoder
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.episodes.streams import EXTRACTORS, StreamTimes
from teleop_collect.errors import UnreadableError

MAX_GATHERED_BYTES = 1 << 30

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
        self.rows: list[tuple[int, int, int, int]] = []
        self.messages: list[bytes] = []

    def add(self, raw: RawMessage) -> int:
        """Take one message; returns the bytes kept."""
        decode = self.decode
        stamp_ns = decode.stamp_ns(raw.data, raw.log_ns) if decode else raw.log_ns
        self.rows.append((raw.log_ns, raw.publish_ns, stamp_ns, raw.sequence))
        if not self.keep:
            return 0
        self.messages.append(bytes(raw.data))
        return len(raw.data)

    def times(self) -> StreamTimes:
        try:
            table = np.array(self.rows, dtype=np.int64).reshape(-1, 4)
        except OverflowError as error:
            raise UnreadableError(f"{self.topic}: a time stamp is beyond the year 2262") from error
        return StreamTimes(*(np.ascontiguousarray(column) for column in table.T))


def scan(contents: Contents, on_image: OnImage | None, on_damage: OnDamage | None) -> Scan:
    """Read all files once.

    Args:
        contents: what to read.
        on_image: called with topic and message for each image; it may raise UnreadableError.
        on_damage: called for each damaged chunk or image, which is then left out; without it the
            first one is raised.

    Raises:
        UnreadableError: a chunk is damaged and `on_damage` is not given; or the small streams
            are too large to be held.
    """
    gatherers = {
        topic: _Gatherer(topic, info.type, contents.decoders[topic])
        for topic, info in contents.streams.items()
    }
    kept_bytes = 0
    for number, file in enumerate(contents.files):
        by_channel = {i: gatherers[t] for i, t in contents.topics_of(number).items()}
        for raw in file.messages(on_damage=on_damage):
            gatherer = by_channel[raw.channel_id]
            kept_bytes += gatherer.add(raw)
            if kept_bytes > MAX_GATHERED_BYTES:
                raise UnreadableError(
                    f"{file.path}: joint, wrench, pose and text streams are over "
                    f"{MAX_GATHERED_BYTES} bytes; this is no episode"
                )
            if on_image and gatherer.is_image:
                on_image(gatherer.topic, raw)
    return Scan(
        {topic: g.times() for topic, g in gatherers.items()},
        {topic: g.messages for topic, g in gatherers.items() if g.keep},
    )
