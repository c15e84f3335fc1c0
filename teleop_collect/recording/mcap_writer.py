"""An MCAP writer whose file is useful at any moment it might be killed.

Differs from the library's writer in what a recorder needs: chunks close when the caller says so,
a failed write leaves the writer consistent (the chunk is kept, or dropped and counted), and every
CRC of the format is written. Layout: header, metadata and attachments, schemas and channels at top
level, chunks each followed by their message indexes, data end, summary, summary offsets, footer.

Format: https://mcap.dev/spec (profile `ros2`, schema encoding `ros2msg`, message encoding `cdr`).
"""

from collections.abc import Iterable, Mapping

from isal.isal_zlib import crc32, crc32_combine
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from teleop_collect import __version__
from teleop_collect.episodes.mcap_records import MAX_CHUNK_BYTES
from teleop_collect.recording.episode_file import ByteSink
from teleop_collect.recording.index_store import IndexStore
from teleop_collect.recording.mcap_chunk import (
    MESSAGE_HEAD_BYTES,
    ZSTD_LEVEL,
    ChunkBuilder,
    Compression,
)

MAGIC = b"\x89MCAP0\r\n"
PROFILE = "ros2"
LIBRARY = f"teleop_collect {__version__}"
MAX_MESSAGE_BYTES = MAX_CHUNK_BYTES - MESSAGE_HEAD_BYTES
"""Payload that readers of this package take; a larger message stands in no chunk of theirs."""
# Footer record without its CRC: opcode, length, summary start, summary offset start.
_FOOTER_CRC_BYTES = 4


class McapWriter:
    """Writes one MCAP file.

    Args:
        sink: where bytes go; empty.
        compression: of chunks.
        chunk_bytes: a chunk closes before it would grow beyond this (a larger message stands
            alone in its chunk).
        profile: of the file.
        zstd_level: of chunks compressed with zstd.
        indexes: keeps the chunks' entries of the summary; in memory when None.

    Raises:
        OSError: from every method: the sink refused, and the file ends where it ended before.
    """

    def __init__(
        self,
        sink: ByteSink,
        compression: Compression = "zstd",
        chunk_bytes: int = 1 << 20,
        profile: str = PROFILE,
        zstd_level: int = ZSTD_LEVEL,
        indexes: IndexStore | None = None,
    ) -> None:
        self._sink = sink
        self._chunk = ChunkBuilder(compression, zstd_level)
        self._chunk_bytes = chunk_bytes
        self._data_crc = 0
        self._schemas: list[Schema] = []
        self._channels: list[Channel] = []
        self._described_bytes = 0
        self._chunk_indexes = indexes or IndexStore()
        self._chunk_count = 0
        self._start_ns = self._end_ns = 0
        self._attachments: list[AttachmentIndex] = []
        self._metadata: list[MetadataIndex] = []
        self.counts: dict[int, int] = {}
        """Messages that are in the file, by channel id."""
        self._write([MAGIC, encode(Header(profile, LIBRARY))])

    @property
    def open_messages(self) -> int:
        """Messages in the chunk that is not written yet."""
        return len(self._chunk)

    @property
    def message_count(self) -> int:
        """Messages that are in the file."""
        return sum(self.counts.values())

    @property
    def start_ns(self) -> int:
        """Log time of the first message in the file, ns; 0 when there is none."""
        return self._start_ns

    @property
    def end_ns(self) -> int:
        """Log time of the last message in the file, ns; 0 when there is none."""
        return self._end_ns

    @property
    def summary_bytes(self) -> int:
        """Upper estimate of what `finish` will write."""
        indexes = 64 * (len(self._attachments) + len(self._metadata))
        return self._described_bytes + indexes + self._chunk_indexes.size + 4096

    def add_schema(self, name: str, encoding: str, data: bytes) -> int:
        """Write a schema; returns its id."""
        schema = Schema(id=len(self._schemas) + 1, name=name, encoding=encoding, data=data)
        self._describe(schema)
        self._schemas.append(schema)
        return schema.id

    def add_channel(
        self, topic: str, schema_id: int, metadata: Mapping[str, str], encoding: str = "cdr"
    ) -> int:
        """Write a channel; returns its id. `encoding` is that of its messages."""
        channel = Channel(
            id=len(self._channels) + 1,
            topic=topic,
            message_encoding=encoding,
            metadata=dict(metadata),
            schema_id=schema_id,
        )
        self._describe(channel)
        self._channels.append(channel)
        return channel.id

    def _describe(self, record: Schema | Channel) -> None:
        """Write a record that will stand in the summary, too."""
        data = encode(record)
        self._write([data])
        self._described_bytes += len(data)

    def add_metadata(self, name: str, values: Mapping[str, str]) -> None:
        """Write a metadata record, after the messages added so far."""
        self.close_chunk()
        record = encode(Metadata(name=name, metadata=dict(values)))
        index = MetadataIndex(offset=self._sink.size, length=len(record), name=name)
        self._write([record])
        self._metadata.append(index)

    def add_attachment(self, name: str, media_type: str, data: bytes, time_ns: int) -> None:
        """Write an attachment, after the messages added so far; `time_ns` is UTC."""
        self.close_chunk()
        attachment = Attachment(
            create_time=time_ns, log_time=time_ns, name=name, media_type=media_type, data=data
        )
        record = encode(attachment)
        index = AttachmentIndex(
            offset=self._sink.size,
            length=len(record),
            log_time=time_ns,
            create_time=time_ns,
            data_size=len(data),
            name=name,
            media_type=media_type,
        )
        self._write([record])
        self._attachments.append(index)

    def add_message(
        self, channel_id: int, log_ns: int, publish_ns: int, sequence: int, data: bytes
    ) -> None:
        """Add a message to the open chunk, closing it first when it would grow too large.

        Args:
            channel_id: from `add_channel`.
            log_ns: receive time, UTC ns.
            publish_ns: source time, UTC ns.
            sequence: any counter below 2**32.
            data: CDR bytes; kept, not copied.
        """
        if (
            self._chunk.size
            and self._chunk.size + len(data) + MESSAGE_HEAD_BYTES > self._chunk_bytes
        ):
            self.close_chunk()
        self._chunk.add(channel_id, log_ns, publish_ns, sequence, data)

    def close_chunk(self) -> None:
        """Write the open chunk; nothing happens when it has no message."""
        if not len(self._chunk):
            return
        built = self._chunk.build()
        start = self._sink.size
        self._sink.append(built.buffers)
        crc = crc32(built.head, self._data_crc)
        crc = crc32_combine(crc, built.data_crc, built.data_bytes)
        for record in built.message_indexes:
            crc = crc32(record, crc)
        self._data_crc = crc
        index = built.index
        index.chunk_start_offset = start
        for channel in index.message_index_offsets:
            index.message_index_offsets[channel] += start
        self._note_chunk(index)
        for channel, count in built.counts.items():
            self.counts[channel] = self.counts.get(channel, 0) + count
        self._chunk.clear()

    def _note_chunk(self, index: ChunkIndex) -> None:
        self._chunk_indexes.add(encode(index))
        start_ns, end_ns = index.message_start_time, index.message_end_time
        self._start_ns = min(self._start_ns, start_ns) if self._chunk_count else start_ns
        self._end_ns = max(self._end_ns, end_ns)
        self._chunk_count += 1

    def drop_chunk(self) -> dict[int, int]:
        """Forget the open chunk; returns how many messages were lost with it, by channel id."""
        counts = self._chunk.counts()
        self._chunk.clear()
        return counts

    def finish(self) -> None:
        """Close the chunk and write data end, summary and footer."""
        self.close_chunk()
        data_end = encode(DataEnd(self._data_crc))
        self._sink.append([data_end])
        start, crc = self._sink.size, 0
        offsets: list[SummaryOffset] = []
        for opcode, blocks in self._summary():
            group_start = self._sink.size
            for block in blocks:
                self._sink.append([block])
                crc = crc32(block, crc)
            if self._sink.size > group_start:
                offsets.append(SummaryOffset(opcode, group_start, self._sink.size - group_start))
        footer = encode(Footer(start, self._sink.size, 0))[:-_FOOTER_CRC_BYTES]
        tail = encode(*offsets) + footer
        crc = crc32(tail, crc)
        self._sink.append([tail, crc.to_bytes(4, "little"), MAGIC])

    def _summary(self) -> list[tuple[Opcode, Iterable[bytes]]]:
        """Summary records by group."""
        return [
            (Opcode.SCHEMA, [encode(*self._schemas)]),
            (Opcode.CHANNEL, [encode(*self._channels)]),
            (Opcode.STATISTICS, [encode(self._statistics())]),
            (Opcode.CHUNK_INDEX, self._chunk_indexes.blocks()),
            (Opcode.ATTACHMENT_INDEX, [encode(*self._attachments)]),
            (Opcode.METADATA_INDEX, [encode(*self._metadata)]),
        ]

    def _statistics(self) -> Statistics:
        return Statistics(
            attachment_count=len(self._attachments),
            channel_count=len(self._channels),
            channel_message_counts=dict(self.counts),
            chunk_count=self._chunk_count,
            message_count=self.message_count,
            message_start_time=self.start_ns,
            message_end_time=self.end_ns,
            metadata_count=len(self._metadata),
            schema_count=len(self._schemas),
        )

    def _write(self, buffers: Iterable[bytes]) -> None:
        buffers = list(buffers)
        self._sink.append(buffers)
        for buffer in buffers:
            self._data_crc = crc32(buffer, self._data_crc)


def encode(*records: McapRecord) -> bytes:
    """Bytes of records, one after the other."""
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    data: bytes = builder.end()  # type: ignore[no-untyped-call]
    return data
