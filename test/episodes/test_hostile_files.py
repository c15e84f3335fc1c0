"""Foreign, damaged and malicious files end in one message, without memory or time being spent."""

import io
import resource
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import numpy as np
import pytest
import zstandard
from mcap.writer import CompressionType, Writer
from support.synthetic_episode import write_episode

from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import UnreadableError

MAGIC = b"\x89MCAP0\r\n"
MAX_GROWTH_KB = 200 << 10


def record(opcode: int, body: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(body)) + body


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode()


def chunk(declared: int, compression: str, data: bytes, crc: int = 0) -> bytes:
    head = struct.pack("<QQQI", 0, 1, declared, crc) + text(compression)
    return record(6, head + struct.pack("<Q", len(data)) + data)


def file_of(*records: bytes) -> bytes:
    """A file without summary that is otherwise well-formed."""
    header = record(1, text("ros2") + text("x"))
    end = record(15, struct.pack("<I", 0)) + record(2, struct.pack("<QQI", 0, 0, 0))
    return MAGIC + header + b"".join(records) + end + MAGIC


def valid() -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream, compression=CompressionType.NONE)
    writer.start("ros2")
    schema = writer.register_schema("std_msgs/msg/String", "ros2msg", b"string data\n")
    channel = writer.register_channel("/a", "cdr", schema)
    writer.add_message(channel, 1, b"\0\1\0\0\2\0\0\0x\0", 1)
    writer.finish()
    return stream.getvalue()


def summary_edit(edit: Callable[[bytearray, int], None]) -> bytes:
    """A valid file whose summary was changed, its checksum made to fit."""
    data = bytearray(valid())
    (start,) = struct.unpack_from("<Q", data, len(data) - 28)
    edit(data, start)
    struct.pack_into("<I", data, len(data) - 12, zlib.crc32(data[start : len(data) - 12]))
    return bytes(data)


def point_chunk_outside(data: bytearray, start: int) -> None:
    offset = start
    while data[offset] != 8:
        offset += 9 + struct.unpack_from("<Q", data, offset + 1)[0]
    struct.pack_into("<Q", data, offset + 9 + 16, 1 << 62)


def cut_a_record(data: bytearray, start: int) -> None:
    struct.pack_into("<Q", data, start + 1, 1 << 63)


def huge_string(data: bytearray, start: int) -> None:
    struct.pack_into("<I", data, start + 9 + 2, 0xFFFFFFFF)


def invalid_utf8(data: bytearray, start: int) -> None:
    data[start + 9 + 2 + 4] = 0xFF


zeros = bytes(64 << 20)
BOMB = zstandard.compress(zeros)
STREAMED_BOMB = zstandard.ZstdCompressor(write_content_size=False).compress(zeros)
LZ4_BOMB = lz4.frame.compress(zeros)
message = record(5, struct.pack("<HIQQ", 99, 0, 0, 0))

HOSTILE = {
    "empty": b"",
    "one byte": b"\x89",
    "text": b"not a recording at all\n" * 100,
    "magic alone": MAGIC,
    "two magics": MAGIC + MAGIC,
    "no footer": valid()[:-40],
    "last byte missing": valid()[:-1],
    "half a file": valid()[: len(valid()) // 2],
    "zstd bomb that declares 10 bytes": file_of(chunk(10, "zstd", BOMB)),
    "zstd bomb without a size in its frame": file_of(chunk(10, "zstd", STREAMED_BOMB)),
    "lz4 bomb": file_of(chunk(10, "lz4", LZ4_BOMB)),
    "chunk that declares an exabyte": file_of(chunk(1 << 60, "zstd", BOMB)),
    "chunk smaller than declared": file_of(chunk(100, "", b"abc")),
    "unknown compression": file_of(chunk(3, "xz", b"abc")),
    "garbage as zstd": file_of(chunk(3, "zstd", b"abc")),
    "garbage as lz4": file_of(chunk(3, "lz4", b"abc")),
    "wrong checksum": file_of(chunk(3, "", b"abc", crc=1)),
    "cut record in a chunk": file_of(chunk(10, "", record(5, b"x" * 40)[:10])),
    "record of 2^63 bytes": file_of(struct.pack("<BQ", 5, 1 << 63)),
    "message too short": file_of(record(5, b"xx")),
    "message of an unknown channel": file_of(message),
    "message of an unknown channel in a chunk": file_of(chunk(len(message), "", message)),
    "schema with an endless name": file_of(record(3, struct.pack("<HI", 1, 0xFFFFFFFF))),
    "channel without its schema": file_of(
        record(4, struct.pack("<HH", 1, 7) + text("/a") + text("cdr") + struct.pack("<I", 0))
    ),
    "65 000 channels": file_of(
        *(
            record(4, struct.pack("<HH", i, 0) + text(f"/{i}") + text("") + struct.pack("<I", 0))
            for i in range(65_000)
        )
    ),
    "chunk index beyond the file": summary_edit(point_chunk_outside),
    "summary record of 2^63 bytes": summary_edit(cut_a_record),
    "summary with an endless string": summary_edit(huge_string),
    "invalid UTF-8": summary_edit(invalid_utf8),
    "summary checksum wrong": valid()[:-30] + b"\xff" + valid()[-29:],
}


def read_everything(path: Path) -> dict[str, list[bytes]]:
    with open_episode(path) as episode:
        episode.scan()
        _ = episode.attachments, episode.metadata
        for topic in episode.streams:
            episode.read(topic)
        return {t: [bytes(m.data) for m in episode.read_messages(t)] for t in episode.streams}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_file_ends_in_one_message(tmp_path: Path, data: bytes):
    path = tmp_path / "hostile.mcap"
    path.write_bytes(data)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableError) as caught:
        read_everything(path)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert "hostile.mcap" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert grown_kb < MAX_GROWTH_KB


def test_the_file_that_the_hostile_ones_are_made_from_is_good(tmp_path: Path):
    path = tmp_path / "good.mcap"
    path.write_bytes(valid())
    with open_episode(path) as episode:
        assert episode.read("/a").values["data"].tolist() == ["x"]


def test_truncation_is_refused_and_a_flipped_bit_never_changes_what_is_read(tmp_path: Path):
    options = {"duration_s": 0.1, "cameras": ("scene",), "size": (16, 16), "chunk_size": 8192}
    folder = write_episode(tmp_path, **options)
    (path,) = folder.glob("*.mcap")
    data, messages = path.read_bytes(), read_everything(path)
    bare = tmp_path / "bare.mcap"
    rng = np.random.default_rng(0)
    for length in rng.integers(0, len(data), 60):
        bare.write_bytes(data[:length])
        with pytest.raises(UnreadableError):
            read_everything(bare)
    for position in rng.integers(0, len(data), 150):
        flipped = bytearray(data)
        flipped[position] ^= 1 << int(rng.integers(0, 8))
        bare.write_bytes(flipped)
        try:
            assert read_everything(bare) == messages
        except UnreadableError as error:
            assert "bare.mcap" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "definition",
    [
        b"C[400000000] x\n" + b"=" * 80 + b"\nMSG: a/C\nuint8 y\n",
        b"B x\n",
        b"C x\n",
        b"uint8 x\n" * 100_000,
        b"\xff\xfe",
    ],
)
def test_hostile_definitions_are_not_used(tmp_path: Path, definition: bytes):
    path = tmp_path / "odd.mcap"
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start("ros2")
        channel = writer.register_channel(
            "/a", "cdr", writer.register_schema("a/msg/B", "ros2msg", definition)
        )
        writer.add_message(channel, 1, b"\0\1\0\0", 1)
        writer.finish()
    with open_episode(path) as episode:
        assert not episode.streams["/a"].decodable


def test_a_type_name_is_never_run_as_code(tmp_path: Path):
    path = tmp_path / "odd.mcap"
    proof = tmp_path / "proof"
    name = f"a/msg/B:\n    open({str(proof)!r}, 'w')\nclass C"
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start("ros2")
        schema = writer.register_schema(name, "ros2msg", b"uint8 x\n")
        writer.register_channel("/a", "cdr", schema)
        writer.finish()
    with open_episode(path) as episode:
        assert not episode.streams["/a"].decodable
    assert not proof.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", "{"),
        ("manifest.json", "[1]"),
        ("manifest.json", '{"streams": 3}'),
        ("manifest.json", "[" * 100_000),
        ("labels.jsonl", "nonsense\n"),
        ("labels.jsonl", '{"success": 3, "at_ns": 1}\n'),
    ],
)
def test_malformed_texts_beside_the_file_are_refused(tmp_path: Path, name: str, content: str):
    folder = write_episode(tmp_path, duration_s=0.1, cameras=())
    (folder / name).write_text(content)
    with pytest.raises(UnreadableError, match=name):
        open_episode(folder)


def test_metadata_cannot_name_files_outside_the_folder(tmp_path: Path):
    outside = tmp_path / "secret.mcap"
    outside.write_bytes(valid())
    folder = tmp_path / "bag"
    folder.mkdir()
    listing = '{"rosbag2_bagfile_information": {"relative_file_paths": ["../secret.mcap"]}}'
    (folder / "metadata.yaml").write_text(listing)
    with pytest.raises(UnreadableError, match=r"holds no \.mcap"):
        open_episode(folder)


@pytest.mark.parametrize(
    ("file", "hint"),
    [("x.mcap.active", "salvage"), ("x.db3", "ros2 bag convert"), ("x.mcap.zstd", "unpack")],
)
def test_folders_of_other_kinds_get_a_hint(tmp_path: Path, file: str, hint: str):
    (tmp_path / file).touch()
    with pytest.raises(UnreadableError, match=hint):
        open_episode(tmp_path)


def test_missing_path_is_named(tmp_path: Path):
    with pytest.raises(UnreadableError, match="nowhere: no such file or folder"):
        open_episode(tmp_path / "nowhere")
