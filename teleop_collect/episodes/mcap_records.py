"""Records of an MCAP file, read with every size checked before memory is spent on it.

The file may come from anybody. Declared lengths are compared with what the file holds and with
caps; a chunk may not decompress to more than it declares. What a whole file may ask for is bounded
by what it holds (`budget`).

Format: https://mcap.dev/spec
"""

import os
import struct
import threading
from collections.abc import Container, Iterator
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import lz4.frame
import zstandard
from isal.isal_zlib import crc32
from mcap import records
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode

from teleop_collect.episodes.budget import Budget, HostileError
from teleop_collect.errors import UnreadableError

MAGIC = b"\x89MCAP0\r\n"
MAX_CHUNK_BYTES = 64 << 20
MAX_RECORD_BYTES = MAX_CHUNK_BYTES + (1 << 20)
MAX_SMALL_RECORD_BYTES = 1 << 20
SMALL_RECORDS = frozenset(
    {
        Opcode.SCHEMA,
        Opcode.CHANNEL,
        Opcode.CHUNK_INDEX,
        Opcode.ATTACHMENT_INDEX,
        Opcode.STATISTICS,
        Opcode.METADATA,
        Opcode.METADATA_INDEX,
    }
)
"""Records of many short fields, each of which costs memory."""
MAX_CHANNELS = 4096
MAX_SCHEMA_BYTES = 1 << 20
MAX_ATTACHMENTS_BYTES = 64 << 20
MAX_NAME = 1024
MAX_COMPRESSION_NAME = 16

PREFIX = struct.Struct("<BQ")
MESSAGE_HEAD = struct.Struct("<HIQQ")
CHUNK_HEAD = struct.Struct("<QQQII")
CHUNK_SIZE = struct.Struct("<Q")
FOOTER_BYTES = PREFIX.size + 20


class RawMessage(NamedTuple):
    """One message as it lies in the file.

    Attributes:
        channel_id: of the file that holds it.
        sequence: as written by the recorder.
        log_ns: receive time, ns since the Unix epoch.
        publish_ns: source time, ns since the Unix epoch.
        data: serialised bytes; a view of the chunk that holds it.
    """

    channel_id: int
    sequence: int
    log_ns: int
    publish_ns: int
    data: memoryview


class RecordFile:
    """Bounds-checked reads of one file; safe to use from several threads.

    Args:
        stream: an open file.
        name: what error messages call it.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._stream = stream
        self.size = os.fstat(stream.fileno()).st_size
        self.budget = Budget()

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes, or an error.

        Raises:
            UnreadableError: the range is outside the file or over the cap.
        """
        if not 0 <= length <= MAX_RECORD_BYTES:
            raise self.error(f"a record of {length} bytes is not between 0 and {MAX_RECORD_BYTES}")
        if offset < 0 or offset + length > self.size:
            raise self.error(f"bytes {offset} to {offset + length} are outside the file")
        data = os.pread(self._stream.fileno(), length, offset)
        if len(data) != length:
            raise self.error("the file became shorter while it was read")
        return data

    def record_at(self, offset: int, expected: Opcode) -> bytes:
        """The body of the record at `offset`, which must be of the expected kind."""
        opcode, length = PREFIX.unpack(self.bytes_at(offset, PREFIX.size))
        if opcode != expected:
            raise self.error(f"offset {offset} holds record kind {opcode}, not {expected.name}")
        self.check_length(opcode, length)
        return self.bytes_at(offset + PREFIX.size, length)

    def check_length(self, opcode: int, length: int) -> None:
        """Refuse a record of short fields that is too long; other kinds have the general cap.

        Raises:
            UnreadableError: it is.
        """
        if opcode in SMALL_RECORDS and length > MAX_SMALL_RECORD_BYTES:
            raise self.error(
                f"a record of kind {opcode} has {length} bytes (limit {MAX_SMALL_RECORD_BYTES})"
            )

    def walk(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Top-level records between two offsets: opcode, offset of the record, length of its body.

        Raises:
            UnreadableError: a record reaches beyond `end`.
        """
        offset = start
        while offset < end:
            opcode, length = PREFIX.unpack(self.bytes_at(offset, PREFIX.size))
            following = offset + PREFIX.size + length
            if following > end:
                raise self.error(f"the record at offset {offset} is cut off")
            yield opcode, offset, length
            offset = following

    def parse(self, kind: Any, body: bytes) -> Any:
        """A record of the mcap library from its body.

        Raises:
            UnreadableError: the body is malformed.
        """
        try:
            return kind.read(ReadDataStream(BytesIO(body)))
        except (McapError, struct.error, ValueError, OverflowError) as error:
            raise self.error(f"a {kind.__name__} record is malformed ({error})") from error

    def check_name(self, name: str) -> None:
        """Refuse the name of a topic or attachment that climbs out of folders, or has no end.

        Raises:
            UnreadableError: it does.
        """
        if ".." in name.replace("\\", "/").split("/") or "\0" in name or len(name) > MAX_NAME:
            raise self.error(f"the name {name[:60]!r} is no name of a topic or attachment")

    def charge(self, packed: int, inflated: int, at: int | None) -> None:
        """Take note of what is read (see `Budget.read`).

        Raises:
            HostileError: the file makes too much of too little.
        """
        if not self.budget.read(packed, inflated, at):
            raise HostileError(
                f"{self.name}: {self.budget.packed_bytes} bytes of it become more than "
                f"{self.budget.max_inflated_bytes}, which no sensor's data do; this is no episode"
            )

    def error(self, problem: str) -> UnreadableError:
        """One message for a person about this file."""
        return UnreadableError(
            f"{self.name}: {problem}; the file is damaged or not an episode "
            "(teleop-collect salvage PATH recovers what is readable)"
        )


def chunk_at(file: RecordFile, offset: int) -> records.Chunk:
    """The chunk whose record begins at `offset`; its head is judged before its body is read.

    Raises:
        UnreadableError: there is no chunk, or its sizes contradict each other or the caps.
    """
    opcode, length = PREFIX.unpack(file.bytes_at(offset, PREFIX.size))
    if opcode != Opcode.CHUNK:
        raise file.error(f"offset {offset} holds record kind {opcode}, not CHUNK")
    at = offset + PREFIX.size
    longest = CHUNK_HEAD.size + MAX_COMPRESSION_NAME + CHUNK_SIZE.size
    head = file.bytes_at(at, min(length, longest))
    if len(head) < CHUNK_HEAD.size + CHUNK_SIZE.size:
        raise file.error("a chunk is cut off")
    start_ns, end_ns, size, crc, name_bytes = CHUNK_HEAD.unpack_from(head)
    if name_bytes > min(MAX_COMPRESSION_NAME, len(head) - CHUNK_HEAD.size - CHUNK_SIZE.size):
        raise file.error("a chunk has no known compression")
    name = head[CHUNK_HEAD.size : CHUNK_HEAD.size + name_bytes].decode("ascii", "replace")
    (packed,) = CHUNK_SIZE.unpack_from(head, CHUNK_HEAD.size + name_bytes)
    body = CHUNK_HEAD.size + name_bytes + CHUNK_SIZE.size
    if packed != length - body:
        raise file.error(f"a chunk of {length - body} bytes declares {packed}")
    if size > MAX_CHUNK_BYTES or packed > _most_packed(size):
        raise file.error(
            f"a chunk of {size} bytes, {packed} compressed, is over the limit of {MAX_CHUNK_BYTES}"
        )
    return records.Chunk(
        compression=name,
        data=file.bytes_at(at + body, packed),
        message_start_time=start_ns,
        message_end_time=end_ns,
        uncompressed_crc=crc,
        uncompressed_size=size,
    )


def _most_packed(size: int) -> int:
    """Bytes to which a codec may blow up what it cannot compress."""
    return size + (size >> 6) + 1024


def decompress(
    file: RecordFile, chunk: records.Chunk, *, check_crc: bool = True, at: int | None = None
) -> memoryview:
    """The records inside a chunk.

    Args:
        file: that holds it.
        chunk: as read.
        check_crc: compare the content with its checksum.
        at: offset of the chunk; reading it again then costs nothing of the file's budget.

    Raises:
        HostileError: the file's chunks become too much in all.
        UnreadableError: unknown compression, a size that differs from the declared one or is over
            the cap, or a wrong checksum.
    """
    size = chunk.uncompressed_size
    if size > MAX_CHUNK_BYTES:
        raise file.error(f"a chunk of {size} bytes is over the limit of {MAX_CHUNK_BYTES}")
    file.charge(len(chunk.data), size, at)
    data = _expand(file, chunk)
    if len(data) != size:
        raise file.error(f"a chunk holds {len(data)} bytes and declares {size}")
    if check_crc and chunk.uncompressed_crc not in (0, crc32(data)):
        raise file.error("a chunk's checksum does not match its content")
    return memoryview(data)


class _Decompressors(threading.local):
    """Kept from chunk to chunk, since a new one costs 0.1 ms; one serves one thread."""

    def __init__(self) -> None:
        self.zstd = zstandard.ZstdDecompressor()


_THREAD = _Decompressors()


def _expand(file: RecordFile, chunk: records.Chunk) -> bytes:
    size = chunk.uncompressed_size
    try:
        match chunk.compression:
            case "":
                return bytes(chunk.data)
            case "zstd":
                # A size in the frame's own header would override max_output_size.
                if zstandard.frame_content_size(chunk.data) not in (-1, size):
                    raise file.error(f"a chunk's content does not have the declared {size} bytes")
                return bytes(_THREAD.zstd.decompress(chunk.data, max_output_size=size))
            case "lz4":
                frame = lz4.frame.LZ4FrameDecompressor()
                return bytes(frame.decompress(chunk.data, max_length=size + 1))
    except (zstandard.ZstdError, RuntimeError, EOFError) as error:
        raise file.error(f"a chunk cannot be decompressed ({error})") from error
    raise file.error(f"compression {chunk.compression[:20]!r} is unknown")


def records_in(file: RecordFile, data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Opcode and body of each record in a decompressed chunk."""
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < PREFIX.size:
            raise file.error("a record inside a chunk is cut off")
        opcode, length = PREFIX.unpack_from(data, offset)
        offset += PREFIX.size
        if length > end - offset:
            raise file.error("a record inside a chunk is cut off")
        yield opcode, data[offset : offset + length]
        offset += length


def message_of(file: RecordFile, body: memoryview) -> RawMessage:
    """A message from its record's body."""
    if len(body) < MESSAGE_HEAD.size:
        raise file.error("a message record is too short")
    channel_id, sequence, log_ns, publish_ns = MESSAGE_HEAD.unpack_from(body)
    return RawMessage(channel_id, sequence, log_ns, publish_ns, body[MESSAGE_HEAD.size :])


def unknown_channel(file: RecordFile, channel_id: int) -> UnreadableError:
    """Says that a message belongs to a channel that the file does not define."""
    return file.error(f"a message belongs to unknown channel {channel_id}")


def messages_in(file: RecordFile, data: memoryview, known: Container[int]) -> Iterator[RawMessage]:
    """The messages of a decompressed chunk, as `records_in` and `message_of` in one loop.

    Raises:
        UnreadableError: a record is cut off or too short, or of a channel that is not known.
    """
    offset, end = 0, len(data)
    prefix, head, kind = PREFIX.unpack_from, MESSAGE_HEAD.unpack_from, int(Opcode.MESSAGE)
    prefix_bytes, head_bytes = PREFIX.size, MESSAGE_HEAD.size
    while offset < end:
        if end - offset < prefix_bytes:
            raise file.error("a record inside a chunk is cut off")
        opcode, length = prefix(data, offset)
        offset += prefix_bytes
        following = offset + length
        if following > end:
            raise file.error("a record inside a chunk is cut off")
        if opcode == kind:
            if length < head_bytes:
                raise file.error("a message record is too short")
            channel_id, sequence, log_ns, publish_ns = head(data, offset)
            if channel_id not in known:
                raise unknown_channel(file, channel_id)
            body = data[offset + head_bytes : following]
            yield RawMessage(channel_id, sequence, log_ns, publish_ns, body)
        offset = following
