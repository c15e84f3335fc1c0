"""Files that were made to be damaged, foreign or malicious, by name."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import lz4.frame
import zstandard
from mcap.writer import CompressionType, Writer
from rosbags.typesys import Stores, get_typestore

MAGIC = b"\x89MCAP0\r\n"


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


def with_messages(kind: str, *bodies: bytes, topic: str = "/a", definition: str = "") -> bytes:
    """A well-formed file with these messages of one type."""
    stream = io.BytesIO()
    writer = Writer(stream, compression=CompressionType.ZSTD)
    writer.start("ros2")
    if not definition:
        store = get_typestore(Stores.ROS2_JAZZY)
        definition = store.generate_msgdef(kind, ros_version=2)[0]
    channel = writer.register_channel(
        topic, "cdr", writer.register_schema(kind, "ros2msg", definition.encode())
    )
    for number, body in enumerate(bodies):
        writer.add_message(channel, number + 1, body, number + 1)
    writer.finish()
    return stream.getvalue()


def with_attachment(name: str) -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream)
    writer.start("ros2")
    writer.add_attachment(1, 1, name, "text/plain", b"x")
    writer.finish()
    return stream.getvalue()


def with_metadata(name: str) -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream)
    writer.start("ros2")
    writer.add_metadata(name, {"a": "b"})
    writer.finish()
    return stream.getvalue()


def compressed_image(form: str, data: bytes) -> bytes:
    """CDR of a CompressedImage."""
    head = struct.pack("<4xiI", 1, 0)[:0] + b"\0\1\0\0" + struct.pack("<iI", 1, 0)
    frame = struct.pack("<I", 2) + b"f\0"
    text_at = len(head) - 4 + len(frame)
    padding = b"\0" * (-text_at % 4)
    name = form.encode() + b"\0"
    body = struct.pack("<I", len(name)) + name
    after = text_at + len(padding) + len(body)
    return (
        head + frame + padding + body + b"\0" * (-after % 4) + struct.pack("<I", len(data)) + data
    )


def png_of(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1 << 20), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks
    )


def jpeg_of(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(40)


def many_bombs(count: int) -> bytes:
    """Chunks that are small in the file, declare what they hold, and hold 60 MB of zeros each."""
    junk = struct.pack("<BQ", 0x80, (60 << 20) - 9) + bytes((60 << 20) - 9)
    packed = zstandard.compress(junk)
    return file_of(*(chunk(len(junk), "zstd", packed) for _ in range(count)))


def wide_window() -> bytes:
    """A zstd frame that asks for a window of 2 GB."""
    return b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00"


def garbage(seed: int) -> bytes:
    return MAGIC + random.Random(seed).randbytes(5000) + MAGIC


def named_channel(name: str) -> bytes:
    return record(4, struct.pack("<HH", 1, 0) + text(name) + text("cdr") + struct.pack("<I", 0))


def records_forever() -> bytes:
    """A million records of no length."""
    return file_of(record(0x80, b"") * 300_000)


JOINT_STATE, COMPRESSED = "sensor_msgs/msg/JointState", "sensor_msgs/msg/CompressedImage"
STRING, RAW = "std_msgs/msg/String", "sensor_msgs/msg/Image"
ENDLESS = b"\0\1\0\0" + struct.pack("<iI", 1, 0) + struct.pack("<I", 0xFFFFFFFF)

HOSTILE |= {
    "a hundred bombs": many_bombs(100),
    "zstd with a window of 2 GB": file_of(chunk(1 << 20, "zstd", wide_window())),
    "lz4 that declares 64 MB": file_of(chunk(64 << 20, "lz4", lz4.frame.compress(b"abc"))),
    "zstd frame that ends early": file_of(chunk(64 << 20, "zstd", BOMB[: len(BOMB) // 2])),
    "chunk inside a chunk": file_of(
        chunk(len(BOMB) + 60, "", chunk(10, "zstd", BOMB).ljust(len(BOMB) + 60, b"\0"))
    ),
    "topic with ../": file_of(named_channel("/../../etc/passwd")),
    "topic with backslashes": file_of(named_channel("\\..\\..\\windows")),
    "topic with NUL": file_of(named_channel("/a\0b")),
    "topic of a million letters": file_of(named_channel("/" + "a" * 1_000_000)),
    "attachment with ../": with_attachment("../../../etc/cron.d/x"),
    "attachment with NUL": with_attachment("a\0b"),
    "metadata with ../": with_metadata("../x"),
    "two types of one topic": file_of(
        record(3, struct.pack("<H", 1) + text("a/msg/A") + text("") + struct.pack("<I", 0)),
        record(3, struct.pack("<H", 2) + text("a/msg/B") + text("") + struct.pack("<I", 0)),
        record(4, struct.pack("<HH", 1, 1) + text("/a") + text("cdr") + struct.pack("<I", 0)),
        record(4, struct.pack("<HH", 2, 2) + text("/a") + text("cdr") + struct.pack("<I", 0)),
    ),
    "65 000 schemas": file_of(
        *(
            record(3, struct.pack("<H", i) + text(f"a/msg/T{i}") + text("") + struct.pack("<I", 0))
            for i in range(1, 65_000)
        )
    ),
    "schema of 2 MB": file_of(
        record(3, struct.pack("<H", 1) + text("a/msg/A") + text("ros2msg")
               + struct.pack("<I", 2 << 20) + b"#" * (2 << 20))
    ),
    "garbage between magics": garbage(1),
    "more garbage": garbage(2),
    "footer that points behind the end": valid()[:-37]
    + record(2, struct.pack("<QQI", 1 << 62, 0, 0)) + MAGIC,
    "footer that points into a record": valid()[:-37]
    + record(2, struct.pack("<QQI", 11, 0, 0)) + MAGIC,
    "a zip file": b"PK\3\4" + bytes(1000),
    "a bag of ROS 1": b"#ROSBAG V2.0\n" + bytes(1000),
    "a SQLite bag": b"SQLite format 3\0" + bytes(4096),
}  # fmt: skip
"""None of these is an episode: every reader refuses it."""

REPORTED = {
    "stamp beyond the year 2262": file_of(
        record(3, struct.pack("<H", 1) + text(STRING) + text("ros2msg")
               + struct.pack("<I", 12) + b"string data\n"),
        record(4, struct.pack("<HH", 1, 1) + text("/a") + text("cdr") + struct.pack("<I", 0)),
        record(5, struct.pack("<HIQQ", 1, 0, (1 << 64) - 1, 0) + b"\0\1\0\0\2\0\0\0x\0"),
    ),
    "string of 4 GB": with_messages(STRING, b"\0\1\0\0" + struct.pack("<I", 0xFFFFFFFF)),
    "four billion joints": with_messages(JOINT_STATE, *[ENDLESS + b"\0" * 40] * 20),
    "a message of no bytes": with_messages(JOINT_STATE, *[b""] * 20),
    "image of 4 billion rows": with_messages(RAW, *[ENDLESS + b"\xff" * 60] * 20),
    "PNG of 40 000 x 40 000": with_messages(
        COMPRESSED, *[compressed_image("rgb8; png compressed bgr8", png_of(40_000, 40_000))] * 3
    ),
    "JPEG of 65 000 x 65 000": with_messages(
        COMPRESSED, *[compressed_image("rgb8; jpeg compressed bgr8", jpeg_of(65_000, 65_000))] * 3
    ),
    "RVL of 60 000 x 60 000": with_messages(
        COMPRESSED,
        *[compressed_image("16UC1; compressedDepth rvl",
                           bytes(12) + struct.pack("<II", 60_000, 60_000) + bytes(64))] * 3,
    ),
    "RVL of one endless run": with_messages(
        COMPRESSED,
        *[compressed_image("16UC1; compressedDepth rvl",
                           bytes(12) + struct.pack("<II", 4000, 4000) + b"\xff" * 4000)] * 3,
    ),
    "type that contains itself": with_messages("a/msg/A", b"\0" * 40, definition="A again\n"),
    "invalid UTF-8 in a message": with_messages(
        STRING, b"\0\1\0\0" + struct.pack("<I", 4) + b"\xff\xfe\xfd\0"
    ),
}  # fmt: skip
"""Well-formed files of which no message can be decoded: they open, and are no episodes."""


STRING_TYPE = (
    record(3, struct.pack("<H", 1) + text(STRING) + text("ros2msg")
           + struct.pack("<I", 12) + b"string data\n"),
    record(4, struct.pack("<HH", 1, 1) + text("/a") + text("cdr") + struct.pack("<I", 0)),
)  # fmt: skip


def many_messages(count: int, body: Callable[[int], bytes], chunk_of: int) -> bytes:
    """Strings in compressed chunks without indexes."""
    packed = []
    for start in range(0, count, chunk_of):
        numbers = range(start, min(start + chunk_of, count))
        content = b"".join(record(5, struct.pack("<HIQQ", 1, 0, n, n) + body(n)) for n in numbers)
        packed.append(chunk(len(content), "zstd", zstandard.compress(content)))
    return file_of(*STRING_TYPE, *packed)


def long_string(number: int) -> bytes:
    """64 KiB that zstd makes 900 times smaller."""
    noise = random.Random(number).randbytes(30).hex()
    return (
        b"\0\1\0\0" + struct.pack("<I", 1 << 16) + noise.ljust((1 << 16) - 1, "a").encode() + b"\0"
    )


def indexed_empty_messages(count: int) -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream, compression=CompressionType.ZSTD)
    writer.start("ros2")
    schema = writer.register_schema(STRING, "ros2msg", b"string data\n")
    channel = writer.register_channel("/a", "cdr", schema)
    for number in range(count):
        writer.add_message(channel, number, b"", number)
    writer.finish()
    return stream.getvalue()


def crowded_metadata(pairs: int) -> bytes:
    """One metadata record of very many names."""
    body = b"".join(text(f"{n:07}") + text("") for n in range(pairs))
    return file_of(record(12, text("x") + struct.pack("<I", len(body)) + body))


def made_once(make: Callable[[], bytes]) -> Callable[[Path], None]:
    """Writes what `make` gives; it is asked at the first use."""
    kept = cache(make)

    def write(path: Path) -> None:
        path.write_bytes(kept())

    return write


OVERFULL: dict[str, Callable[[Path], None]] = {
    "metadata of 200 000 names": made_once(lambda: crowded_metadata(200_000)),
    "strings compressed 900 : 1": made_once(lambda: many_messages(3200, long_string, 16)),
    "60 000 messages of no bytes": made_once(lambda: many_messages(60_000, lambda _: b"", 60_000)),
    "60 000 indexed messages of no bytes": made_once(lambda: indexed_empty_messages(60_000)),
}
"""Well-formed files that hold too much for their size: a look at their index may pass."""


def _sparse(path: Path, opcode: int, head: bytes, hole: int, *rest: bytes) -> None:
    with path.open("wb") as file:
        file.write(MAGIC + record(1, text("ros2") + text("x")))
        file.write(struct.pack("<BQ", opcode, len(head) + hole) + head)
        file.seek(hole, io.SEEK_CUR)
        end = record(15, struct.pack("<I", 0)) + record(2, struct.pack("<QQI", 0, 0, 0))
        file.write(b"".join(rest) + end + MAGIC)


HOLE = 250 << 20


def sparse_chunk(path: Path) -> None:
    """A chunk of 250 MB that takes no room on the disk."""
    head = struct.pack("<QQQI", 0, 1, 1 << 20, 0) + text("zstd") + struct.pack("<Q", HOLE)
    _sparse(path, 6, head, HOLE)


def sparse_attachment(path: Path) -> None:
    head = struct.pack("<QQ", 1, 1) + text("rig.yaml") + text("") + struct.pack("<Q", HOLE - 4)
    _sparse(path, 9, head, HOLE)


def padded_bombs(path: Path) -> None:
    """Sixty bombs behind a hole, so that the file is not small for what they become."""
    junk = struct.pack("<BQ", 0x80, (60 << 20) - 9) + bytes((60 << 20) - 9)
    packed = chunk(len(junk), "zstd", zstandard.compress(junk))
    _sparse(path, 0x81, b"", HOLE, *[packed] * 60)


SPARSE: dict[str, Callable[[Path], None]] = {
    "sparse chunk": sparse_chunk,
    "sparse attachment": sparse_attachment,
    "bombs behind a hole": padded_bombs,
}
"""Large files with holes, as functions that write them."""
