"""Checks that an episode is whole: file structure, every checksum, its hash, and its accounts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from isal.isal_zlib import crc32
from mcap import records
from mcap.opcode import Opcode

from teleop_collect.episodes.mcap_file import McapFile
from teleop_collect.episodes.mcap_records import (
    FOOTER_BYTES,
    MAGIC,
    PREFIX,
    RawMessage,
    RecordFile,
)
from teleop_collect.errors import UnreadableError
from teleop_collect.provenance.manifest import MANIFEST_FILE, Manifest, read_manifest
from teleop_collect.recording.index_rules import index_problems
from teleop_collect.recording.rewriting import file_sha256
from teleop_collect.recording.salvage_reader import SalvageReader

_DATA_END_BYTES = 4
MAX_LINES = 20
"""Of problems with indexes: one wrong number may spoil each of thousands of chunks."""


@dataclass(frozen=True)
class Verification:
    """What a check of one file found.

    Attributes:
        path: the MCAP file.
        messages: messages read.
        problems: one line each; empty when all is well.
    """

    path: Path
    messages: int
    problems: tuple[str, ...]


def verify(path: Path) -> Verification:
    """Check an episode folder or a single MCAP file.

    Raises:
        UnreadableError: there is no such file, or it is no MCAP file at all.
    """
    source, manifest = _find(path)
    try:
        with source.open("rb") as stream:
            file = RecordFile(stream, source.name)
            reader = SalvageReader(file)
            by_topic, total = _count(reader)
            problems = list(reader.damage.reasons)
            problems += _summary_problems(file, total)
        # What a reader would refuse is no whole episode, even where every checksum is right.
        problems += [] if problems else _reader_problems(source)
        problems += [] if problems else _index_problems(source)
        if manifest is not None:
            problems += _manifest_problems(manifest, source, by_topic)
    except OSError as error:
        raise UnreadableError(f"cannot read {source}: {error.strerror or error}") from None
    return Verification(source, total, tuple(problems))


def _find(path: Path) -> tuple[Path, Manifest | None]:
    """The MCAP file, and the manifest when `path` is (or lies in) an episode folder."""
    if path.is_dir():
        files = sorted(path.glob("*.mcap"))
        if len(files) != 1:
            raise UnreadableError(f"{path} holds {len(files)} MCAP files; an episode has one")
        return files[0], read_manifest(path)
    if not path.is_file():
        raise UnreadableError(f"{path}: no such file or folder")
    beside = path.parent / MANIFEST_FILE
    has_manifest = beside.is_file() and path.stem == path.parent.name
    return path, read_manifest(path.parent) if has_manifest else None


def _count(reader: SalvageReader) -> tuple[Counter[str], int]:
    topics: dict[int, str] = {}
    by_topic: Counter[str] = Counter()
    total = 0
    for record in reader:
        if isinstance(record, records.Channel):
            topics[record.id] = record.topic
        elif isinstance(record, RawMessage):
            total += 1
            by_topic[topics.get(record.channel_id, "")] += 1
    if by_topic.pop("", 0):
        reader.damage.note("a message refers to a missing channel")
    return by_topic, total


def _summary_problems(file: RecordFile, messages: int) -> Iterator[str]:
    """Footer, summary checksum, and counts of the summary."""
    try:
        end = file.size - FOOTER_BYTES - len(MAGIC)
        if end < 0 or file.bytes_at(file.size - len(MAGIC), len(MAGIC)) != MAGIC:
            yield "the file does not end as an MCAP file does"
            return
        footer = file.parse(records.Footer, file.record_at(end, Opcode.FOOTER))
        if not footer.summary_start:
            yield "there is no summary"
            return
        data_end = footer.summary_start - _DATA_END_BYTES - PREFIX.size
        prefix = PREFIX.pack(Opcode.DATA_END, _DATA_END_BYTES)
        if data_end < 0 or file.bytes_at(data_end, PREFIX.size) != prefix:
            yield "the data section does not end where the summary begins"
        summary = file.bytes_at(footer.summary_start, end - footer.summary_start)
        head = file.bytes_at(end, FOOTER_BYTES - 4)
        if footer.summary_crc not in (0, crc32(head, crc32(summary))):
            yield "the checksum of the summary does not match"
        for opcode, offset, length in file.walk(footer.summary_start, end):
            if opcode == Opcode.STATISTICS:
                body = file.bytes_at(offset + PREFIX.size, length)
                stated = file.parse(records.Statistics, body).message_count
                if stated != messages:
                    yield f"the summary states {stated} messages, the file holds {messages}"
    except UnreadableError as error:
        yield f"the summary cannot be read: {error}"


def _reader_problems(source: Path) -> Iterator[str]:
    try:
        McapFile(source).close()
    except UnreadableError as error:
        yield f"readers refuse it: {error}"


def _index_problems(source: Path) -> list[str]:
    with source.open("rb") as stream:
        try:
            found = list(islice(index_problems(RecordFile(stream, source.name)), MAX_LINES + 1))
        except UnreadableError as error:
            return [f"its indexes cannot be compared: {error}"]
    return [*found[:MAX_LINES], "and more of this kind"] if len(found) > MAX_LINES else found


def _manifest_problems(manifest: Manifest, source: Path, by_topic: Counter[str]) -> Iterator[str]:
    if manifest.episode_id != source.stem:
        yield f"the manifest is of episode {manifest.episode_id}"
    stated = manifest.hashes.mcap_sha256
    if stated != (found := file_sha256(source)):
        yield f"SHA-256 of the file is {found}, the manifest states {stated}"
    for topic, stream in manifest.streams.items():
        if stream.written != by_topic[topic]:
            yield f"{topic}: the manifest states {stream.written} messages, found {by_topic[topic]}"
        if stream.received == "unknown" or stream.dropped_queue == "unknown":
            continue
        if stream.received != stream.written + stream.dropped_queue:
            yield (
                f"{topic}: received {stream.received} is not written {stream.written}"
                f" + dropped_queue {stream.dropped_queue}"
            )
    for topic in by_topic.keys() - manifest.streams.keys():
        yield f"{topic}: not in the manifest"
