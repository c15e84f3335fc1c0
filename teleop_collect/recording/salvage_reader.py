"""Everything readable in an MCAP file that was cut off or damaged, in file order.

Reads forward from the start, because an interrupted file has no summary. A chunk whose checksum or
size is wrong is left out; a record that does not fit the file's framing ends the reading, since
nothing after it can be trusted to begin where it seems to.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from isal.isal_zlib import crc32
from mcap import records
from mcap.opcode import Opcode

from teleop_collect.episodes.mcap_records import (
    MAGIC,
    PREFIX,
    RawMessage,
    RecordFile,
    decompress,
    message_of,
    records_in,
)
from teleop_collect.errors import UnreadableError

Salvageable = (
    records.Header
    | records.Schema
    | records.Channel
    | records.Metadata
    | records.Attachment
    | RawMessage
)
_PARSED = {
    Opcode.HEADER: records.Header,
    Opcode.SCHEMA: records.Schema,
    Opcode.CHANNEL: records.Channel,
    Opcode.METADATA: records.Metadata,
    Opcode.ATTACHMENT: records.Attachment,
}
_IGNORED = {Opcode.MESSAGE_INDEX}
MAX_CHANNELS = 10_000
"""Topics of one file; a rig has tens."""


@dataclass
class Damage:
    """What could not be read; grows while reading.

    Attributes:
        reasons: one line for each kind of damage met.
        chunks_discarded: chunks left out.
        records_discarded: other records left out.
        bytes_ignored: bytes at the end of the file that were not read.
        ended: whether the data section was closed by its writer.
    """

    reasons: list[str]
    chunks_discarded: int = 0
    records_discarded: int = 0
    bytes_ignored: int = 0
    ended: bool = False

    @property
    def lossless(self) -> bool:
        """Whether everything that was ever handed to the file's writer was read."""
        return self.ended and not self.reasons

    def note(self, reason: str) -> None:
        """Remember a kind of damage once."""
        if reason not in self.reasons:
            self.reasons.append(reason)


class SalvageReader:
    """Reads one file; `damage` is complete when the iterator is exhausted.

    Args:
        file: the file.

    Raises:
        UnreadableError: it does not begin as an MCAP file does.
    """

    def __init__(self, file: RecordFile) -> None:
        if file.size < len(MAGIC) or file.bytes_at(0, len(MAGIC)) != MAGIC:
            raise UnreadableError(f"{file.name} does not begin as an MCAP file does")
        self._file = file
        self._channels: set[int] = set()
        self.damage = Damage([])

    def __iter__(self) -> Iterator[Salvageable]:
        crc = crc32(MAGIC)
        position = len(MAGIC)
        try:
            for opcode, offset, length in self._file.walk(position, self._file.size):
                if opcode == Opcode.DATA_END:
                    self._end(offset, length, crc)
                    return
                whole = self._file.bytes_at(offset, PREFIX.size + length)
                crc = crc32(whole, crc)
                yield from self._record(opcode, whole[PREFIX.size :])
                position = offset + len(whole)
        except UnreadableError:
            self.damage.note(f"the file is cut off or damaged at byte {position}")
        self.damage.bytes_ignored = self._file.size - position
        if not self.damage.reasons:
            self.damage.note("the file was never closed: what was in memory is lost")

    def _end(self, offset: int, length: int, crc: int) -> None:
        body = self._file.bytes_at(offset + PREFIX.size, length)
        self.damage.ended = True
        if int.from_bytes(body[:4], "little") not in (0, crc):
            self.damage.note("the checksum of the data section does not match")

    def _record(self, opcode: int, body: bytes) -> Iterator[Salvageable]:
        if opcode == Opcode.CHUNK:
            yield from self._chunk(body)
        elif opcode == Opcode.MESSAGE:
            yield from self._message(memoryview(body))
        elif opcode in _PARSED:
            yield from self._parsed(opcode, body)
        elif opcode not in _IGNORED and opcode < 0x80:
            # Opcodes from 0x80 are private records, legal anywhere; others do not belong here.
            raise UnreadableError(f"record kind {opcode} does not belong into a data section")

    def _parsed(self, opcode: int, body: bytes) -> Iterator[Salvageable]:
        try:
            record = self._file.parse(_PARSED[Opcode(opcode)], body)
            if opcode == Opcode.ATTACHMENT:
                self._check_attachment(record, body)
        except UnreadableError:
            self.damage.records_discarded += 1
            self.damage.note(f"a {Opcode(opcode).name.lower()} record is damaged")
            return
        if opcode == Opcode.CHANNEL:
            self._channels.add(record.id)
            if len(self._channels) > MAX_CHANNELS:
                self.damage.note(f"there are more than {MAX_CHANNELS} channels")
                raise self._file.error("no recording has so many channels")
        yield record

    def _check_attachment(self, record: records.Attachment, body: bytes) -> None:
        crc = int.from_bytes(body[-4:], "little")
        if crc not in (0, crc32(memoryview(body)[:-4])):
            raise UnreadableError(f"attachment {record.name[:50]!r} does not match its checksum")

    def _chunk(self, body: bytes) -> Iterator[Salvageable]:
        """Records of a chunk, all or none."""
        inside: list[Salvageable] = []
        try:
            chunk = self._file.parse(records.Chunk, body)
            for opcode, part in records_in(self._file, decompress(self._file, chunk)):
                if opcode == Opcode.MESSAGE:
                    inside.append(message_of(self._file, part))
                elif opcode in _PARSED:
                    inside.append(self._file.parse(_PARSED[Opcode(opcode)], bytes(part)))
        except UnreadableError:
            self.damage.chunks_discarded += 1
            self.damage.note("a chunk is damaged")
            return
        yield from inside

    def _message(self, body: memoryview) -> Iterator[Salvageable]:
        try:
            yield message_of(self._file, body)
        except UnreadableError:
            self.damage.records_discarded += 1
            self.damage.note("a message record is damaged")
