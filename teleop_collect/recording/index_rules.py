"""Whether an MCAP file's indexes, times and counts tell the truth about its data.

The rules of `mcap doctor` that need the whole file: readers seek by these numbers, so a wrong one
hides messages that lie in the file undamaged. Expects a file whose records can all be read.
"""

import struct
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from mcap import records
from mcap.opcode import Opcode

from teleop_collect.episodes.mcap_records import (
    FOOTER_BYTES,
    MAGIC,
    MESSAGE_HEAD,
    PREFIX,
    RecordFile,
    chunk_at,
    decompress,
    records_in,
)

_INDEX_HEAD = struct.Struct("<HI")
_ENTRY = struct.Struct("<QQ")
Entries = list[tuple[int, int]]
"""Log time and offset inside the chunk's content of each message of a channel."""


@dataclass
class ChunkFacts:
    """What a chunk and its message indexes are in truth.

    Attributes:
        index: what its chunk index should say.
        entries: by channel, what its message indexes should say.
    """

    index: records.ChunkIndex
    entries: dict[int, Entries]


@dataclass
class FileFacts:
    """What has been seen of the data section."""

    chunks: dict[int, ChunkFacts] = field(default_factory=dict)
    schemas: set[int] = field(default_factory=set)
    channels: dict[int, records.Channel] = field(default_factory=dict)
    messages: Counter[int] = field(default_factory=Counter)
    times_ns: tuple[int, int] | None = None
    offsets: dict[int, set[int]] = field(default_factory=dict)

    def note_time(self, log_ns: int) -> None:
        """Widen the span of log times."""
        first, last = self.times_ns or (log_ns, log_ns)
        self.times_ns = (min(first, log_ns), max(last, log_ns))


def index_problems(file: RecordFile) -> Iterator[str]:
    """One line for each rule that the file breaks.

    Raises:
        UnreadableError: a record cannot be read at all.
    """
    end = file.size - FOOTER_BYTES - len(MAGIC)
    start = file.parse(records.Footer, file.record_at(end, Opcode.FOOTER)).summary_start
    facts = FileFacts()
    yield from _data_problems(file, facts, start)
    yield from _summary_problems(file, facts, start, end)


def _data_problems(file: RecordFile, facts: FileFacts, end: int) -> Iterator[str]:
    chunk: ChunkFacts | None = None
    for opcode, offset, length in file.walk(len(MAGIC), end):
        facts.offsets.setdefault(opcode, set()).add(offset)
        if opcode == Opcode.MESSAGE_INDEX:
            yield from _message_index_problems(file, chunk, offset, length)
            continue
        yield from _unindexed(chunk)
        chunk = None
        if opcode == Opcode.CHUNK:
            chunk = yield from _chunk(file, facts, offset, length)
        elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE):
            body = memoryview(file.bytes_at(offset + PREFIX.size, length))
            yield from _record_problems(file, facts, opcode, body)
            if opcode == Opcode.MESSAGE:
                channel, _, log_ns, _ = MESSAGE_HEAD.unpack_from(body)
                facts.messages[channel] += 1
                facts.note_time(log_ns)
    yield from _unindexed(chunk)


def _record_problems(
    file: RecordFile, facts: FileFacts, opcode: int, body: memoryview
) -> Iterator[str]:
    """Schema before channel, channel before message, and no second meaning for a number."""
    if opcode == Opcode.SCHEMA:
        facts.schemas.add(number := file.parse(records.Schema, bytes(body)).id)
        if number == 0:
            yield "a schema has the number 0, which stands for none"
    elif opcode == Opcode.CHANNEL:
        channel = file.parse(records.Channel, bytes(body))
        if channel.schema_id not in facts.schemas | {0}:
            yield f"channel {channel.id} comes before its schema {channel.schema_id}"
        if facts.channels.setdefault(channel.id, channel) != channel:
            yield f"channel {channel.id} is defined twice, differently"
    elif opcode == Opcode.MESSAGE:
        number = MESSAGE_HEAD.unpack_from(body)[0]
        if number not in facts.channels:
            yield f"a message comes before its channel {number}"
    else:
        yield f"a chunk holds a record of kind {opcode}"


def _chunk(
    file: RecordFile, facts: FileFacts, offset: int, length: int
) -> Generator[str, None, ChunkFacts]:
    chunk = chunk_at(file, offset)
    entries: dict[int, Entries] = {}
    inside = 0
    for opcode, body in records_in(file, decompress(file, chunk, at=offset)):
        yield from _record_problems(file, facts, opcode, body)
        if opcode == Opcode.MESSAGE:
            channel, _, log_ns, _ = MESSAGE_HEAD.unpack_from(body)
            entries.setdefault(channel, []).append((log_ns, inside))
            facts.note_time(log_ns)
        inside += PREFIX.size + len(body)
    for channel, found in entries.items():
        facts.messages[channel] += len(found)
    times_ns = [log_ns for found in entries.values() for log_ns, _ in found] or [0]
    stated = (chunk.message_start_time, chunk.message_end_time)
    if stated != (min(times_ns), max(times_ns)):
        yield (
            f"the chunk at {offset} states the times {stated[0]} to {stated[1]}, "
            f"its messages have {min(times_ns)} to {max(times_ns)}"
        )
    index = records.ChunkIndex(
        message_start_time=min(times_ns),
        message_end_time=max(times_ns),
        chunk_start_offset=offset,
        chunk_length=PREFIX.size + length,
        message_index_offsets={},
        message_index_length=0,
        compression=chunk.compression,
        compressed_size=len(chunk.data),
        uncompressed_size=chunk.uncompressed_size,
    )
    facts.chunks[offset] = found_chunk = ChunkFacts(index, entries)
    return found_chunk


def _message_index_problems(
    file: RecordFile, chunk: ChunkFacts | None, offset: int, length: int
) -> Iterator[str]:
    if chunk is None:
        yield f"the message index at {offset} follows no chunk"
        return
    body = file.bytes_at(offset + PREFIX.size, length)
    if length < _INDEX_HEAD.size or (length - _INDEX_HEAD.size) % _ENTRY.size:
        yield f"the message index at {offset} is malformed"
        return
    channel, size = _INDEX_HEAD.unpack_from(body)
    found = list(_ENTRY.iter_unpack(body[_INDEX_HEAD.size :]))
    if size != len(found) * _ENTRY.size or sorted(found) != sorted(chunk.entries.get(channel, [])):
        yield f"the message index at {offset} does not lead to the messages of channel {channel}"
    if found:
        chunk.index.message_index_offsets[channel] = offset
    chunk.index.message_index_length += PREFIX.size + length


def _unindexed(chunk: ChunkFacts | None) -> Iterator[str]:
    if chunk is None or not chunk.index.message_index_length:
        return
    for channel in chunk.entries.keys() - chunk.index.message_index_offsets.keys():
        at = chunk.index.chunk_start_offset
        yield f"the chunk at {at} has no message index of its channel {channel}"


def _summary_problems(file: RecordFile, facts: FileFacts, start: int, end: int) -> Iterator[str]:
    indexed: set[int] = set()
    for opcode, offset, length in file.walk(start, end):
        body = file.bytes_at(offset + PREFIX.size, length)
        if opcode == Opcode.CHUNK_INDEX:
            index = file.parse(records.ChunkIndex, body)
            indexed.add(index.chunk_start_offset)
            yield from _chunk_index_problems(facts, index)
        elif opcode == Opcode.STATISTICS:
            yield from _statistics_problems(facts, file.parse(records.Statistics, body))
        elif opcode == Opcode.ATTACHMENT_INDEX:
            at = file.parse(records.AttachmentIndex, body).offset
            yield from _misled(facts, Opcode.ATTACHMENT, at)
        elif opcode == Opcode.METADATA_INDEX:
            at = file.parse(records.MetadataIndex, body).offset
            yield from _misled(facts, Opcode.METADATA, at)
    if indexed and (missing := facts.chunks.keys() - indexed):
        yield f"{len(missing)} chunks are in no index, the first at {min(missing)}"


def _chunk_index_problems(facts: FileFacts, index: records.ChunkIndex) -> Iterator[str]:
    chunk = facts.chunks.get(index.chunk_start_offset)
    if chunk is None:
        yield from _misled(facts, Opcode.CHUNK, index.chunk_start_offset)
        return
    for name, true in vars(chunk.index).items():
        if (stated := getattr(index, name)) != true:
            at = index.chunk_start_offset
            yield f"the index of the chunk at {at} states {name} {stated}, it is {true}"


def _misled(facts: FileFacts, kind: Opcode, offset: int) -> Iterator[str]:
    if offset not in facts.offsets.get(kind, ()):
        yield f"an index leads to offset {offset}, where no {kind.name.lower()} begins"


def _statistics_problems(facts: FileFacts, stated: records.Statistics) -> Iterator[str]:
    first_ns, last_ns = facts.times_ns or (0, 0)
    counts = {kind: len(offsets) for kind, offsets in facts.offsets.items()}
    true = {
        "schema_count": len(facts.schemas),
        "channel_count": len(facts.channels),
        "chunk_count": counts.get(Opcode.CHUNK, 0),
        "attachment_count": counts.get(Opcode.ATTACHMENT, 0),
        "metadata_count": counts.get(Opcode.METADATA, 0),
        "message_start_time": first_ns,
        "message_end_time": last_ns,
        "channel_message_counts": dict(facts.messages),
    }
    for name, value in true.items():
        found = getattr(stated, name)
        if name == "channel_message_counts":
            found = {channel: count for channel, count in found.items() if count}
        if found != value:
            yield f"the statistics state {name} {found}, it is {value}"
