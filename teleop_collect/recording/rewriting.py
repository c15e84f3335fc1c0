"""Writes what is readable of an MCAP file into a new one, and reads that back."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from mcap import records
from mcap.opcode import Opcode

from teleop_collect.episodes.mcap_records import RecordFile
from teleop_collect.errors import CheckFailed, UnreadableError
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.mcap_chunk import Compression
from teleop_collect.recording.salvage_reader import Damage, Salvageable, SalvageReader
from teleop_collect.recording.salvage_writer import Recovered, SalvageWriter

_HASH_BLOCK = 1 << 20

Pause = Callable[[], None]
"""Called for each record: may wait while the disk is needed for something else, or raise."""


def go_on() -> None:
    """No pause."""


def rewrite(
    source: Path, output: Path, calls: FileSystem, pause: Pause = go_on
) -> tuple[Recovered, Damage]:
    """Recover a file into a new one that is safe on the disk and was read back.

    Args:
        source: the file; never changed.
        output: must not exist, and does not when this fails.
        calls: file calls to use.
        pause: called for each record.

    Raises:
        CheckFailed: nothing can be recovered, or the result does not read back.
        OSError: the disk refused.
    """
    try:
        with source.open("rb") as stream:
            file = RecordFile(stream, str(source))
            reader = SalvageReader(file)
            writer = SalvageWriter(output, reader.damage, _compression_of(file), calls)
            recovered = writer.write(_pausing(reader, pause))
        _reopen(output, recovered, calls, pause)
    except UnreadableError as error:
        raise CheckFailed(f"nothing can be recovered from {source}: {error}") from None
    return recovered, reader.damage


def _pausing(found: Iterable[Salvageable], pause: Pause) -> Iterator[Salvageable]:
    for record in found:
        pause()
        yield record


def _compression_of(file: RecordFile) -> Compression:
    """Compression of the first chunk; zstd when there is none."""
    try:
        for opcode, offset, length in file.walk(8, file.size):
            if opcode == Opcode.CHUNK:
                body = file.bytes_at(offset + 9, length)
                name = file.parse(records.Chunk, body).compression
                return "lz4" if name == "lz4" else "zstd" if name else "none"
    except UnreadableError:
        pass
    return "zstd"


def _reopen(output: Path, recovered: Recovered, calls: FileSystem, pause: Pause) -> None:
    """Read the result back; it must hold exactly what was written, or it is removed.

    Raises:
        UnreadableError: it does not.
        OSError: it cannot be read.
    """
    try:
        counted: Counter[str] = Counter()
        with output.open("rb") as stream:
            reader = SalvageReader(RecordFile(stream, str(output)))
            for record in _pausing(reader, pause):
                counted[type(record).__name__] += 1
        if not reader.damage.lossless or counted["RawMessage"] != recovered.messages:
            raise UnreadableError(f"the recovered file {output} does not read back")
    except BaseException:
        with suppress(OSError):
            calls.unlink(output)
        raise


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()
