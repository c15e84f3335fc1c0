"""Every number by which readers seek or count, planted wrong one at a time, is found."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from mcap.opcode import Opcode
from mcap.writer import CompressionType, Writer

from teleop_collect.episodes.mcap_records import FOOTER_BYTES, MAGIC, PREFIX, RecordFile
from teleop_collect.recording.verify import verify

NS = 1_000_000_000


def recording(compression: CompressionType = CompressionType.ZSTD) -> bytes:
    """A file of the mcap library: two channels, several chunks, an attachment, metadata."""
    out = io.BytesIO()
    writer = Writer(out, chunk_size=512, compression=compression, use_chunking=True)
    writer.start("ros2")
    schema = writer.register_schema("a/msg/B", "ros2msg", b"int32 x")
    channels = [writer.register_channel(f"/{name}", "cdr", schema) for name in "ab"]
    writer.add_attachment(NS, NS, "rig.yaml", "text/yaml", b"name: x")
    writer.add_metadata("kept", {"a": "b"})
    for n in range(60):
        writer.add_message(channels[n % 2], NS + n, bytes(40), NS + n)
    writer.finish()
    return out.getvalue()


def checked(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    return list(verify(path).problems)


def spoiled(path: Path, content: bytes, opcode: Opcode, at: int, change: bytes) -> bytes:
    """The file with `change` written at byte `at` of the last record of a kind; checksums fit."""
    path.write_bytes(content)
    raw = bytearray(content)
    end = len(raw) - FOOTER_BYTES - len(MAGIC)
    with path.open("rb") as stream:
        file = RecordFile(stream, path.name)
        found = [offset for kind, offset, _ in file.walk(len(MAGIC), end) if kind == opcode]
        (start,) = struct.unpack_from("<Q", raw, end + PREFIX.size)
        ends = [o for kind, o, _ in file.walk(len(MAGIC), end) if kind == Opcode.DATA_END]
    place = found[-1] + PREFIX.size + at
    raw[place : place + len(change)] = change
    struct.pack_into("<I", raw, ends[0] + PREFIX.size, 0)
    crc = zlib.crc32(raw[start : len(raw) - len(MAGIC) - 4])
    struct.pack_into("<I", raw, len(raw) - len(MAGIC) - 4, crc)
    return bytes(raw)


@pytest.mark.parametrize("compression", list(CompressionType))
def test_a_file_of_the_mcap_library_keeps_all_rules(tmp_path: Path, compression: CompressionType):
    assert checked(tmp_path / "a.mcap", recording(compression)) == []


ONE = struct.pack("<Q", 1)


@pytest.mark.parametrize(
    ("opcode", "at", "change", "problem"),
    [
        (Opcode.MESSAGE_INDEX, 0, b"\x63\x00", "does not lead to the messages of channel 99"),
        (Opcode.MESSAGE_INDEX, 6, ONE, "does not lead to the messages of channel"),
        (Opcode.MESSAGE_INDEX, 14, ONE, "does not lead to the messages of channel"),
        (Opcode.CHUNK, 0, ONE, "states the times 1 to"),
        (Opcode.CHUNK, 8, ONE, "to 1, its messages have"),
        (Opcode.CHUNK_INDEX, 0, ONE, "states message_start_time 1"),
        (Opcode.CHUNK_INDEX, 8, ONE, "states message_end_time 1"),
        (Opcode.CHUNK_INDEX, 24, ONE, "states chunk_length 1"),
        (Opcode.CHUNK_INDEX, 38, ONE, "states message_index_offsets"),
        (Opcode.STATISTICS, 8, b"\x05\x00", "the statistics state schema_count 5, it is 1"),
        (Opcode.STATISTICS, 10, b"\x05", "channel_count 5, it is 2"),
        (Opcode.STATISTICS, 14, b"\x05", "attachment_count 5, it is 1"),
        (Opcode.STATISTICS, 18, b"\x05", "metadata_count 5, it is 1"),
        (Opcode.STATISTICS, 22, b"\x63", "chunk_count 99"),
        (Opcode.STATISTICS, 26, ONE, "message_start_time 1"),
        (Opcode.STATISTICS, 34, ONE, "message_end_time 1"),
        (Opcode.STATISTICS, 48, ONE, "channel_message_counts"),
        (Opcode.ATTACHMENT_INDEX, 0, ONE, "leads to offset 1, where no attachment begins"),
        (Opcode.METADATA_INDEX, 0, ONE, "leads to offset 1, where no metadata begins"),
    ],
)
def test_each_wrong_number_is_found(
    tmp_path: Path, opcode: Opcode, at: int, change: bytes, problem: str
):
    path = tmp_path / "a.mcap"

    found = checked(path, spoiled(path, recording(), opcode, at, change))

    assert any(problem in line for line in found) or any("readers refuse" in f for f in found), (
        found
    )


def test_a_message_before_its_channel_is_found(tmp_path: Path):
    out = io.BytesIO()
    writer = Writer(out, use_chunking=False)
    writer.start("ros2")
    schema = writer.register_schema("a/msg/B", "ros2msg", b"int32 x")
    channel = writer.register_channel("/a", "cdr", schema)
    writer.add_message(channel, NS, bytes(4), NS)
    writer.finish()
    path = tmp_path / "a.mcap"
    content = out.getvalue()
    assert checked(path, content) == []

    found = checked(path, spoiled(path, content, Opcode.MESSAGE, 0, b"\x09\x00"))

    assert found == ["a message refers to a missing channel"]
