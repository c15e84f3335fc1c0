"""Packets of Dynamixel protocol 2.0.

Source: ROBOTIS e-Manual, "DYNAMIXEL Protocol 2.0" and "CRC Calculation".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = b"\xff\xff\xfd\x00"
STUFFED = b"\xff\xff\xfd"
BROADCAST_ID = 0xFE
ALERT = 0x80
CRC_POLYNOMIAL = 0x8005
MAX_LENGTH = 1024
"""Longest content that is waited for; a longer one is a damaged length."""
PREFIX = len(HEADER) + 3
"""Bytes before the instruction: header, id, length."""


class Instruction(IntEnum):
    """Instruction field."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REBOOT = 0x08
    STATUS = 0x55
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93
    FAST_BULK_READ = 0x9A


class ErrorNumber(IntEnum):
    """Low seven bits of a status packet's error field."""

    NONE = 0
    RESULT_FAIL = 1
    INSTRUCTION = 2
    CRC = 3
    DATA_RANGE = 4
    DATA_LENGTH = 5
    DATA_LIMIT = 6
    ACCESS = 7


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ CRC_POLYNOMIAL if crc & 0x8000 else crc << 1
        table.append(crc & 0xFFFF)
    return tuple(table)


_TABLE = _crc_table()


def crc16(data: bytes, crc: int = 0) -> int:
    """Checksum of a packet up to its last two bytes: polynomial 0x8005, initial value 0."""
    table = _TABLE
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ table[crc >> 8 ^ byte]
    return crc


def stuff(content: bytes) -> bytes:
    """Break up header patterns: every FF FF FD becomes FF FF FD FD."""
    return content.replace(STUFFED, STUFFED + b"\xfd")


def unstuff(content: bytes) -> bytes:
    """Undo `stuff`."""
    return content.replace(STUFFED + b"\xfd", STUFFED)


def encode(packet_id: int, content: bytes) -> bytes:
    """A whole packet; `content` begins with the instruction and is not stuffed yet."""
    stuffed = stuff(content)
    body = HEADER + bytes([packet_id]) + (len(stuffed) + 2).to_bytes(2, "little") + stuffed
    return body + crc16(body).to_bytes(2, "little")


def encode_instruction(packet_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """An instruction packet."""
    return encode(packet_id, bytes([instruction]) + parameters)


def encode_status(packet_id: int, error: int, parameters: bytes = b"") -> bytes:
    """A status packet."""
    return encode(packet_id, bytes([Instruction.STATUS, error]) + parameters)


def encode_fast_status(blocks: list[tuple[int, int, bytes]], expected_bytes: int) -> bytes:
    """The joint status packet of Fast Sync Read and Fast Bulk Read, which is never stuffed.

    Every servo appends error, id, data and the checksum of all bytes so far.

    Args:
        blocks: (error, id, data) of each servo that answers, in order.
        expected_bytes: data bytes, ids, errors and checksums of all servos that were asked; the
            first servo announces them in the packet's length.
    """
    length = (expected_bytes + 1).to_bytes(2, "little")
    packet = HEADER + bytes([BROADCAST_ID]) + length + bytes([Instruction.STATUS])
    crc = crc16(packet)
    for error, servo_id, data in blocks:
        block = bytes([error, servo_id]) + data
        crc = crc16(block, crc)
        checksum = crc.to_bytes(2, "little")
        crc = crc16(checksum, crc)
        packet += block + checksum
    return packet


@dataclass(frozen=True)
class Packet:
    """A received instruction packet.

    Attributes:
        packet_id: addressee.
        instruction: instruction field.
        parameters: unstuffed.
        crc_ok: whether the checksum fits.
        wire_bytes: size on the wire.
    """

    packet_id: int
    instruction: int
    parameters: bytes
    crc_ok: bool
    wire_bytes: int


class PacketParser:
    """Finds packets in a stream of bytes; skips what is none."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Packets completed by `data`."""
        self._pending += data
        while (packet := self._next()) is not None:
            yield packet

    def _next(self) -> Packet | None:
        while True:
            start = self._pending.find(HEADER)
            if start < 0:
                self._pending = self._pending[-(len(HEADER) - 1) :]
                return None
            self._pending = self._pending[start:]
            if len(self._pending) < PREFIX:
                return None
            length = int.from_bytes(self._pending[5:7], "little")
            if not 3 <= length <= MAX_LENGTH:
                self._pending = self._pending[1:]
                continue
            if len(self._pending) < PREFIX + length:
                return None
            return self._take(PREFIX + length)

    def _take(self, size: int) -> Packet:
        raw, self._pending = self._pending[:size], self._pending[size:]
        content = unstuff(raw[PREFIX:-2])
        crc_ok = crc16(raw[:-2]) == int.from_bytes(raw[-2:], "little")
        return Packet(raw[4], content[0], content[1:], crc_ok, size)
