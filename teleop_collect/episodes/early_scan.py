"""Reads an episode while it is being recorded, so that little is left to read when it has ended.

A recorder only appends. So a record has been written whole once another one has begun behind it,
and what was read stays true; whether it did is looked at again in the finished file.
"""

import os
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mcap import records
from mcap.opcode import Opcode

from teleop_collect.episodes.contents import NO_SCHEMA, Contents
from teleop_collect.episodes.decoding import decoder
from teleop_collect.episodes.gatherer import Gatherer
from teleop_collect.episodes.mcap_records import (
    CHUNK_HEAD,
    MAGIC,
    PREFIX,
    RawMessage,
    RecordFile,
    chunk_at,
    decompress,
    messages_in,
)

IDENTITY_BYTES = PREFIX.size + CHUNK_HEAD.size
"""A chunk's sizes, times and checksum: two chunks that agree in them are the same."""


class EarlyScan:
    """What has been read of a growing file.

    Args:
        path: the file while it is recorded; it may be moved later.

    Attributes:
        parts: of each chunk that was read, where it lies and its first bytes.
        gatherers: what the streams hold in these chunks, by topic.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._stream = path.open("rb")
        self._file = RecordFile(self._stream, path.name)
        self._at = len(MAGIC)
        self._schemas: dict[int, records.Schema] = {}
        self._by_channel: dict[int, Gatherer] = {}
        self._part_of_image: dict[str, array[int]] = {}
        self._messages = self._kept_bytes = 0
        self.parts: list[tuple[int, bytes]] = []
        self.gatherers: dict[str, Gatherer] = {}

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._stream.close()

    def advance(self, most_chunks: int) -> Iterator[tuple[str, RawMessage]]:
        """Read what has been written since.

        Args:
            most_chunks: so many at once.

        Yields:
            Topic and message of each image.

        Raises:
            UnreadableError: it is not what a recorder writes; what was read so far is of no use.
        """
        self._file.size = os.fstat(self._stream.fileno()).st_size
        last = len(self.parts) + most_chunks
        while len(self.parts) < last and (record := self._next_whole()) is not None:
            opcode, length = record
            if opcode == Opcode.CHUNK:
                yield from self._take_chunk()
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._file.check_length(opcode, length)
                self._describe(opcode, self._file.bytes_at(self._at + PREFIX.size, length))
            self._at += PREFIX.size + length

    def fits(self, contents: Contents) -> bool:
        """Whether an episode is the one that was read, and goes on where this ended.

        Args:
            contents: of the finished episode.
        """
        if len(contents.files) != 1:
            return False
        (file,) = contents.files
        read = [offset for offset, _ in self.parts]
        if [part.offset for part in file.index.parts[: len(read)]] != read:
            return False
        types = {topic: info.type for topic, info in contents.streams.items()}
        if any(types.get(topic) != g.type_name for topic, g in self.gatherers.items()):
            return False
        return all(file.bytes_at(at, len(identity)) == identity for at, identity in self.parts)

    def images(
        self, wanted: Mapping[str, Collection[int]]
    ) -> Iterator[tuple[str, int, RawMessage]]:
        """Some of the images that were read, once more.

        Args:
            wanted: positions in their streams, by topic.

        Yields:
            Topic, position and message, for each topic in ascending order.
        """
        parts_of = {t: self._part_of_image[t] for t in wanted if t in self._part_of_image}
        chosen = {t: set(wanted[t]) for t in parts_of}
        places = {parts_of[t][i] for t in parts_of for i in chosen[t] if i < len(parts_of[t])}
        for part in sorted(places):
            at = {topic: bisect_left(parts, part) for topic, parts in parts_of.items()}
            for raw in self._messages_at(self.parts[part][0]):
                topic = self._by_channel[raw.channel_id].topic
                if topic in at:
                    if at[topic] in chosen[topic]:
                        yield topic, at[topic], raw
                    at[topic] += 1

    def _next_whole(self) -> tuple[int, int] | None:
        """Kind and length of the next record; None while it may not have been written whole."""
        if self._at + PREFIX.size > self._file.size:
            return None
        opcode, length = PREFIX.unpack(self._file.bytes_at(self._at, PREFIX.size))
        following = self._at + PREFIX.size + length
        # The summary after the data says again what the data have said.
        if opcode in (0, Opcode.DATA_END) or following >= self._file.size:
            return None
        # Beyond the end may lie space that is kept for it: zeros.
        return (opcode, length) if self._file.bytes_at(following, 1) != b"\0" else None

    def _describe(self, opcode: int, body: bytes) -> None:
        if opcode == Opcode.SCHEMA:
            schema = self._file.parse(records.Schema, body)
            self._schemas[schema.id] = schema
            return
        channel = self._file.parse(records.Channel, body)
        schema = self._schemas.get(channel.schema_id, NO_SCHEMA)
        if channel.topic in self.gatherers:
            raise self._file.error(f"{channel.topic} has two channels")
        is_cdr = channel.message_encoding == "cdr"
        decode = decoder(schema.name, schema.encoding, schema.data) if is_cdr else None
        gatherer = Gatherer(channel.topic, schema.name, decode)
        self.gatherers[channel.topic] = self._by_channel[channel.id] = gatherer
        if gatherer.is_image:
            self._part_of_image[channel.topic] = array("L")

    def _take_chunk(self) -> Iterator[tuple[str, RawMessage]]:
        for raw in self._messages_at(self._at):
            gatherer = self._by_channel[raw.channel_id]
            self._kept_bytes += gatherer.add(raw)
            self._messages += 1
            if gatherer.is_image:
                self._part_of_image[gatherer.topic].append(len(self.parts))
                yield gatherer.topic, raw
        self._file.budget.check(self._file.name, self._messages, self._kept_bytes)
        self.parts.append((self._at, self._file.bytes_at(self._at, IDENTITY_BYTES)))

    def _messages_at(self, offset: int) -> Iterator[RawMessage]:
        chunk = chunk_at(self._file, offset)
        data = decompress(self._file, chunk, check_crc=False, at=offset)
        return messages_in(self._file, data, self._by_channel)
