"""One MCAP chunk in the making: messages in, chunk and message-index records out.

The hot path packs a header and keeps a reference to the message's bytes; they are joined once.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import lz4.frame
import zstandard
from isal.isal_zlib import crc32
from mcap.opcode import Opcode
from mcap.records import ChunkIndex

Compression = Literal["zstd", "lz4", "none"]
ZSTD_LEVEL = 1

# opcode, length, channel id, sequence, log time, publish time
_MESSAGE = struct.Struct("<BQHIQQ")
_MESSAGE_FIXED_BYTES = 22
MESSAGE_HEAD_BYTES = _MESSAGE.size
"""What a message needs in a chunk beside its payload."""
# opcode, length, start time, end time, uncompressed size, uncompressed CRC
_CHUNK = struct.Struct("<BQQQQI")
_INDEX = struct.Struct("<BQHI")


@dataclass(frozen=True)
class BuiltChunk:
    """A chunk ready to be written.

    Attributes:
        head: what stands before the chunk's data.
        data: the messages, compressed or one by one as they came.
        data_bytes: length of `data`.
        data_crc: CRC-32 of `data`.
        message_indexes: records that follow the chunk.
        index: its entry of the summary, as if the chunk stood at offset 0.
        counts: messages by channel id.
    """

    head: bytes
    data: list[bytes]
    data_bytes: int
    data_crc: int
    message_indexes: list[bytes]
    index: ChunkIndex
    counts: dict[int, int]

    @property
    def buffers(self) -> list[bytes]:
        """Chunk record and message index records, to be written one after the other."""
        return [self.head, *self.data, *self.message_indexes]


class ChunkBuilder:
    """Collects the messages of one chunk."""

    def __init__(self, compression: Compression, zstd_level: int = ZSTD_LEVEL) -> None:
        self._name = "" if compression == "none" else compression
        self._compress = compressor(compression, zstd_level)
        self.clear()

    def clear(self) -> None:
        """Forget everything collected."""
        self.size = 0
        self._parts: list[bytes] = []
        self._entries: dict[int, list[int]] = {}
        self._start_ns = 0
        self._end_ns = 0

    def __len__(self) -> int:
        return len(self._parts) // 2

    def add(
        self, channel_id: int, log_ns: int, publish_ns: int, sequence: int, data: bytes
    ) -> None:
        """Add a message."""
        length = _MESSAGE_FIXED_BYTES + len(data)
        head = _MESSAGE.pack(Opcode.MESSAGE, length, channel_id, sequence, log_ns, publish_ns)
        if not self._parts:
            self._start_ns = self._end_ns = log_ns
        elif log_ns > self._end_ns:
            self._end_ns = log_ns
        elif log_ns < self._start_ns:
            self._start_ns = log_ns
        entries = self._entries.get(channel_id)
        if entries is None:
            entries = self._entries[channel_id] = []
        entries += (log_ns, self.size)
        self._parts += (head, data)
        self.size += length + 9

    def counts(self) -> dict[int, int]:
        """Messages collected, by channel id."""
        return {channel: len(entries) // 2 for channel, entries in self._entries.items()}

    def build(self) -> BuiltChunk:
        """Compress and index what was collected."""
        crc = 0
        for part in self._parts:
            crc = crc32(part, crc)
        # Without compression the messages are written as they came: one copy less of everything.
        data = [self._compress(b"".join(self._parts))] if self._name else self._parts
        data_bytes = len(data[0]) if self._name else self.size
        name = self._name.encode()
        body = struct.pack("<I", len(name)) + name + struct.pack("<Q", data_bytes)
        fixed = _CHUNK.size - 9
        head = _CHUNK.pack(
            Opcode.CHUNK,
            fixed + len(body) + data_bytes,
            self._start_ns,
            self._end_ns,
            self.size,
            crc,
        )
        head += body
        indexes = self._index_records()
        chunk_length = len(head) + data_bytes
        offsets: dict[int, int] = {}
        position = chunk_length
        for channel, record in indexes.items():
            offsets[channel] = position
            position += len(record)
        index = ChunkIndex(
            chunk_start_offset=0,
            chunk_length=chunk_length,
            message_start_time=self._start_ns,
            message_end_time=self._end_ns,
            message_index_offsets=offsets,
            message_index_length=position - chunk_length,
            compression=self._name,
            compressed_size=data_bytes,
            uncompressed_size=self.size,
        )
        data_crc = crc32(data[0]) if self._name else crc
        records = list(indexes.values())
        return BuiltChunk(head, data, data_bytes, data_crc, records, index, self.counts())

    def _index_records(self) -> dict[int, bytes]:
        records = {}
        for channel, entries in self._entries.items():
            length = 8 * len(entries)
            head = _INDEX.pack(Opcode.MESSAGE_INDEX, 6 + length, channel, length)
            records[channel] = head + struct.pack(f"<{len(entries)}Q", *entries)
        return records


def compressor(compression: Compression, zstd_level: int = ZSTD_LEVEL) -> Callable[[bytes], bytes]:
    """The function that compresses one chunk."""
    if compression == "zstd":
        return zstandard.ZstdCompressor(level=zstd_level).compress
    if compression == "lz4":
        return _lz4
    return _unchanged


def _lz4(raw: bytes) -> bytes:
    return bytes(lz4.frame.compress(raw, store_size=True))


def _unchanged(raw: bytes) -> bytes:
    return raw
