"""Status packets as they lie on the wire, and packets that are made before they are sent."""

import struct
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

ALERT = 0x80
# Where the fields of a status packet begin (e-Manual, "DYNAMIXEL Protocol 2.0").
HEADER = b"\xff\xff\xfd\x00"
SERVO_ID = 4
LENGTH = 5
ERROR = 8
PARAMETERS = 9
PREFIX_BYTES = 7
"""Header, id and length."""
FAST_HEAD_BYTES = 8
"""What precedes the servos' shares in the answer to a Fast Sync Read."""
LENGTH_OVERHEAD = 4
"""Length counts instruction, error, parameters and checksum."""
FAST_OVERHEAD = 4
"""Error, id and checksum of each servo's share of the answer to a Fast Sync Read."""


class StatusReply(NamedTuple):
    """A servo's status packet.

    Attributes:
        error: error field; bit 7 is the hardware alert, the others an error number.
        data: parameters.
    """

    error: int
    data: bytes

    @property
    def alert(self) -> bool:
        """Whether the servo reports a hardware error."""
        return bool(self.error & ALERT)

    @property
    def error_number(self) -> int:
        """Why the instruction failed; 0 when it did not."""
        return self.error & ~ALERT


class PacketShelf:
    """Stands in for the SDK's port where a packet is to be made but not sent yet."""

    def __init__(self) -> None:
        self.is_using = False
        self.packet = b""
        self.answer_bytes = 0

    def setPacketTimeout(self, packet_length: int) -> None:
        """Note how many bytes the SDK expects."""
        self.answer_bytes = packet_length

    def clearPort(self) -> None:
        """Nothing waits to be sent."""

    def writePort(self, packet: Sequence[int]) -> int:
        """Keep the packet."""
        self.packet = bytes(packet)
        return len(packet)


@cache
def fast_share(length: int) -> struct.Struct:
    """One servo's share of the answer to a Fast Sync Read of `length` bytes: error, id, data."""
    return struct.Struct(f"<BB{length}s2x")


def packet_length(packet: Sequence[int]) -> int:
    """The length that a packet states: of all that follows it."""
    return packet[LENGTH] | packet[LENGTH + 1] << 8


def is_whole(answer: bytes) -> bool:
    """Whether bytes end where a status packet ends, by the lengths that the packets state."""
    start = 0
    while answer.startswith(HEADER, start) and start + ERROR <= len(answer):
        start += PREFIX_BYTES + packet_length(answer[start : start + ERROR])
        if start == len(answer):
            return True
    return False
