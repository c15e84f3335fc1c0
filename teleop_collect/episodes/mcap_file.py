"""One MCAP file: its channels, attachments, metadata, and its messages in the order of the file.

Uses the file's own index where it has one and walks the file where it has not.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from isal.isal_zlib import crc32
from mcap import records
from mcap.opcode import Opcode

from teleop_collect.episodes.budget import Budget, HostileError
from teleop_collect.episodes.mcap_records import (
    FOOTER_BYTES,
    MAGIC,
    MAX_ATTACHMENTS_BYTES,
    MAX_CHANNELS,
    MAX_SCHEMA_BYTES,
    MESSAGE_HEAD,
    PREFIX,
    RawMessage,
    RecordFile,
    chunk_at,
    decompress,
    message_of,
    messages_in,
    records_in,
    unknown_channel,
)
from teleop_collect.errors import UnreadableError


@dataclass(frozen=True)
class Part:
    """A chunk, or one message outside chunks.

    Attributes:
        opcode: CHUNK or MESSAGE.
        offset: of the record in the file.
        start_ns: lowest log time inside.
        end_ns: highest log time inside.
        channel_ids: channels with messages inside; None when unknown.
    """

    opcode: int
    offset: int
    start_ns: int
    end_ns: int
    channel_ids: frozenset[int] | None

    def may_hold(self, channel_ids: Collection[int] | None, log_ns: int | None) -> bool:
        """Whether a message of these channels (received at this time) can be inside."""
        if log_ns is not None and not self.start_ns <= log_ns <= self.end_ns:
            return False
        if channel_ids is None or self.channel_ids is None:
            return True
        return not self.channel_ids.isdisjoint(channel_ids)


@dataclass
class Index:
    """What a file says of itself."""

    schemas: dict[int, records.Schema] = field(default_factory=dict)
    channels: dict[int, records.Channel] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    attachments: list[int] = field(default_factory=list)
    metadata: list[int] = field(default_factory=list)


class McapFile:
    """Reads one MCAP file of any writer.

    Args:
        path: the file.

    Raises:
        UnreadableError: it is not a complete MCAP file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._stream = path.open("rb")
        except OSError as error:
            raise UnreadableError(f"{path}: {error.strerror}") from error
        try:
            self._file = RecordFile(self._stream, path.name)
            self._in_chunks = 0
            self._summary_start = self._check_ends()
            self.index = self._indexed() or self._walked()
            self._check_index()
        except BaseException:
            self._stream.close()
            raise

    @property
    def budget(self) -> Budget:
        """What the file may ask for in all."""
        return self._file.budget

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._stream.close()

    def messages(
        self,
        channel_ids: Collection[int] | None = None,
        *,
        log_ns: int | None = None,
        on_damage: Callable[[UnreadableError], None] | None = None,
        check_crc: bool = True,
        skipped: int = 0,
    ) -> Iterator[RawMessage]:
        """Messages in the order of the file.

        Args:
            channel_ids: only these channels.
            log_ns: only messages received at this time.
            on_damage: called for each unreadable chunk, which is then left out; without it the
                first one is raised.
            check_crc: compare chunks with their checksums.
            skipped: so many parts of the file are left out at its beginning.

        Raises:
            HostileError: the chunks become too much in all.
            UnreadableError: a chunk is damaged and `on_damage` is not given.
        """
        for part in self.index.parts[skipped:]:
            if not part.may_hold(channel_ids, log_ns):
                continue
            try:
                found = self._messages_of(part, check_crc=check_crc)
                yield from _chosen(found, channel_ids, log_ns)
            except HostileError:
                raise
            except UnreadableError as error:
                if on_damage is None:
                    raise
                on_damage(error)

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Bytes of the file as they are.

        Raises:
            UnreadableError: they are not all inside the file.
        """
        return self._file.bytes_at(offset, length)

    def attachments(self) -> dict[str, bytes]:
        """All attachments by name; names are labels and never paths."""
        found: dict[str, bytes] = {}
        total = 0
        for offset in self.index.attachments:
            body = self._file.record_at(offset, Opcode.ATTACHMENT)
            total += len(body)
            if total > MAX_ATTACHMENTS_BYTES:
                raise self._file.error(f"attachments are over {MAX_ATTACHMENTS_BYTES} bytes")
            if int.from_bytes(body[-4:], "little") not in (0, crc32(memoryview(body)[:-4])):
                raise self._file.error("an attachment's checksum does not match its content")
            attachment = self._file.parse(records.Attachment, body)
            self._file.check_name(attachment.name)
            found[attachment.name] = attachment.data
        return found

    def metadata(self) -> dict[str, dict[str, str]]:
        """All metadata records by name."""
        found: dict[str, dict[str, str]] = {}
        for offset in self.index.metadata:
            body = self._file.record_at(offset, Opcode.METADATA)
            record = self._file.parse(records.Metadata, body)
            found[record.name] = record.metadata
        return found

    def _check_ends(self) -> int:
        """Where the summary starts; 0 when the file has none."""
        file = self._file
        if file.size < 2 * len(MAGIC) + FOOTER_BYTES or file.bytes_at(0, len(MAGIC)) != MAGIC:
            what = "is empty" if file.size == 0 else "is not an MCAP file"
            if file.size and file.bytes_at(0, min(8, file.size)) == MAGIC:
                what = "ends before its first record"
            raise UnreadableError(f"{self.path}: {what}")
        footer_start = file.size - len(MAGIC) - FOOTER_BYTES
        if file.bytes_at(file.size - len(MAGIC), len(MAGIC)) != MAGIC:
            raise UnreadableError(
                f"{self.path}: the file has no footer; its recording was interrupted or it was "
                f"cut; recover it with: teleop-collect salvage {self.path}"
            )
        footer = file.parse(records.Footer, file.record_at(footer_start, Opcode.FOOTER))
        if footer.summary_start == 0:
            return 0
        if not len(MAGIC) <= footer.summary_start <= footer_start:
            raise file.error(f"the summary starts at {footer.summary_start}, outside the file")
        summary = file.bytes_at(footer.summary_start, file.size - len(MAGIC) - footer.summary_start)
        if footer.summary_crc not in (0, crc32(memoryview(summary)[:-4])):
            raise file.error("the summary's checksum does not match its content")
        return int(footer.summary_start)

    def _indexed(self) -> Index | None:
        """The index from the summary, or None when the summary is incomplete."""
        if not self._summary_start:
            return None
        index = Index()
        statistics: records.Statistics | None = None
        end = self._file.size - len(MAGIC) - FOOTER_BYTES
        for opcode, offset, length in self._file.walk(self._summary_start, end):
            self._file.check_length(opcode, length)
            body = self._file.bytes_at(offset + PREFIX.size, length)
            if opcode == Opcode.STATISTICS:
                statistics = self._file.parse(records.Statistics, body)
            else:
                self._take(index, opcode, body)
        if statistics is None or not _complete(index, statistics):
            return None
        index.counts = dict(statistics.channel_message_counts)
        index.parts.sort(key=lambda part: part.offset)
        return index

    def _take(self, index: Index, opcode: int, body: bytes | memoryview) -> None:
        """Add one schema, channel or index record."""
        if opcode == Opcode.SCHEMA:
            schema = self._file.parse(records.Schema, bytes(body))
            index.schemas[schema.id] = schema
        elif opcode == Opcode.CHANNEL:
            channel = self._file.parse(records.Channel, bytes(body))
            self._file.check_name(channel.topic)
            index.channels[channel.id] = channel
        elif opcode == Opcode.CHUNK_INDEX:
            chunk = self._file.parse(records.ChunkIndex, bytes(body))
            ids = frozenset(chunk.message_index_offsets) or None
            index.parts.append(
                Part(
                    Opcode.CHUNK,
                    chunk.chunk_start_offset,
                    chunk.message_start_time,
                    chunk.message_end_time,
                    ids,
                )
            )
        elif opcode == Opcode.ATTACHMENT_INDEX:
            attachment = self._file.parse(records.AttachmentIndex, bytes(body))
            self._file.check_name(attachment.name)
            index.attachments.append(attachment.offset)
        elif opcode == Opcode.METADATA_INDEX:
            metadata = self._file.parse(records.MetadataIndex, bytes(body))
            self._file.check_name(metadata.name)
            index.metadata.append(metadata.offset)
        if len(index.channels) > MAX_CHANNELS or len(index.schemas) > MAX_CHANNELS:
            raise self._file.error(f"more than {MAX_CHANNELS} channels")

    def _walked(self) -> Index:
        """The index of a file without a complete summary, from all of its records."""
        index = Index()
        end = self._summary_start or self._file.size - len(MAGIC) - FOOTER_BYTES
        for opcode, offset, length in self._file.walk(len(MAGIC), end):
            if opcode == Opcode.CHUNK:
                self._walk_chunk(index, offset)
            elif opcode == Opcode.ATTACHMENT:
                index.attachments.append(offset)
            elif opcode == Opcode.METADATA:
                index.metadata.append(offset)
            elif opcode == Opcode.DATA_END:
                break
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._take(index, opcode, self._file.record_at(offset, Opcode(opcode)))
            elif opcode == Opcode.MESSAGE:
                head = self._file.bytes_at(offset + PREFIX.size, min(length, MESSAGE_HEAD.size))
                message = message_of(self._file, memoryview(head))
                _count(index, message)
                ids = frozenset([message.channel_id])
                log_ns = message.log_ns
                index.parts.append(Part(Opcode.MESSAGE, offset, log_ns, log_ns, ids))
        return index

    def _walk_chunk(self, index: Index, offset: int) -> None:
        data = decompress(self._file, chunk_at(self._file, offset), at=offset)
        ids = set()
        start_ns, end_ns = (1 << 64), 0
        for opcode, body in records_in(self._file, data):
            if opcode == Opcode.MESSAGE:
                message = message_of(self._file, body)
                _count(index, message)
                self._in_chunks += 1
                self.budget.check(self._file.name, self._in_chunks)
                ids.add(message.channel_id)
                start_ns, end_ns = min(start_ns, message.log_ns), max(end_ns, message.log_ns)
            else:
                self._file.check_length(opcode, len(body))
                self._take(index, opcode, body)
        index.parts.append(Part(Opcode.CHUNK, offset, start_ns, end_ns, frozenset(ids)))

    def _check_index(self) -> None:
        """Every channel has a schema of a sane size (or none), every chunk is listed once."""
        for channel in self.index.channels.values():
            if channel.schema_id and channel.schema_id not in self.index.schemas:
                raise self._file.error(f"the schema of {channel.topic} is missing")
        for schema in self.index.schemas.values():
            if len(schema.data) > MAX_SCHEMA_BYTES:
                raise self._file.error(f"schema {schema.name[:80]} is over {MAX_SCHEMA_BYTES} B")
        if len({part.offset for part in self.index.parts}) != len(self.index.parts):
            raise self._file.error("the index lists a chunk twice")
        if any(part.offset + PREFIX.size > self._file.size for part in self.index.parts):
            raise self._file.error("the index lists a chunk beyond the end of the file")
        if unknown := set(self.index.counts) - set(self.index.channels):
            raise self._file.error(f"messages belong to unknown channel {min(unknown)}")

    def _messages_of(self, part: Part, *, check_crc: bool) -> Iterable[RawMessage]:
        if part.opcode == Opcode.MESSAGE:
            body = self._file.record_at(part.offset, Opcode.MESSAGE)
            self._file.charge(len(body), len(body), part.offset)
            message = message_of(self._file, memoryview(body))
            if message.channel_id not in self.index.channels:
                raise unknown_channel(self._file, message.channel_id)
            return (message,)
        chunk = chunk_at(self._file, part.offset)
        data = decompress(self._file, chunk, check_crc=check_crc, at=part.offset)
        return messages_in(self._file, data, self.index.channels)


def _chosen(
    messages: Iterable[RawMessage], channel_ids: Collection[int] | None, log_ns: int | None
) -> Iterable[RawMessage]:
    """Those of the channels that were received at that time, where either is given."""
    if channel_ids is not None:
        messages = (m for m in messages if m.channel_id in channel_ids)
    if log_ns is not None:
        messages = (m for m in messages if m.log_ns == log_ns)
    return messages


def _complete(index: Index, statistics: records.Statistics) -> bool:
    """Whether the summary lists everything that the file holds."""
    return (
        len(index.parts) == statistics.chunk_count
        and (statistics.chunk_count > 0 or statistics.message_count == 0)
        and len(index.channels) == statistics.channel_count
        and len(index.attachments) == statistics.attachment_count
        and len(index.metadata) == statistics.metadata_count
    )


def _count(index: Index, message: RawMessage) -> None:
    index.counts[message.channel_id] = index.counts.get(message.channel_id, 0) + 1
