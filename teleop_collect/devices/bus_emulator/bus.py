"""A bus of emulated servos: instruction packet in, timed status packets out. No I/O."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from teleop_collect.devices.bus_emulator import protocol
from teleop_collect.devices.bus_emulator.protocol import (
    BROADCAST_ID,
    ErrorNumber,
    Instruction,
    Packet,
)
from teleop_collect.devices.bus_emulator.servo import EmulatedServo
from teleop_collect.devices.dynamixel import models

BITS_PER_BYTE = 10
NO_SHADOW_ID = 253
FAST_OVERHEAD = 4
"""Error, id and checksum of one servo's share of a fast status packet."""


@dataclass(frozen=True)
class Reply:
    """Bytes on the wire.

    Attributes:
        end_ns: monotonic time at which the last byte has been sent.
        data: the bytes.
    """

    end_ns: int
    data: bytes


@dataclass(frozen=True)
class ReadRequest:
    """What one servo is asked for in a Sync or Bulk Read."""

    servo_id: int
    address: int
    length: int


class Bus:
    """Half-duplex bus at a baud rate; every byte takes ten bits.

    Args:
        servos: who is on it.
        baud: bits per second.
    """

    def __init__(self, servos: Sequence[EmulatedServo], baud: int) -> None:
        self.servos = tuple(servos)
        self.baud = baud
        self._byte_ns = BITS_PER_BYTE * 1e9 / baud
        self._free_ns = 0
        self._shadows: dict[int, list[EmulatedServo]] = {}
        for servo in self.servos:
            # As it was when the bus was made; from 253 on it means none.
            if (followed := servo.load(models.SHADOW_ID)) < NO_SHADOW_ID:
                self._shadows.setdefault(followed, []).append(servo)
        self._by_id: dict[int, EmulatedServo] = {}
        self._actions: dict[int, Callable[[Packet, int], list[Reply]]] = {
            Instruction.PING: self._ping,
            Instruction.READ: self._read,
            Instruction.WRITE: self._write,
            Instruction.REBOOT: self._reboot,
            Instruction.SYNC_READ: self._sync_read,
            Instruction.FAST_SYNC_READ: self._fast_sync_read,
            Instruction.BULK_READ: self._bulk_read,
            Instruction.FAST_BULK_READ: self._fast_bulk_read,
            Instruction.SYNC_WRITE: self._sync_write,
            Instruction.BULK_WRITE: self._bulk_write,
        }

    def answer(self, packet: Packet, start_ns: int) -> list[Reply]:
        """Status packets that an instruction packet brings about.

        Args:
            packet: the instruction.
            start_ns: monotonic time at which its first byte came; it waits while the bus is busy.
        """
        end_ns = max(start_ns, self._free_ns) + self._wire_ns(packet.wire_bytes)
        for servo in self.servos:
            if servo.answers(end_ns):
                servo.hear(end_ns)
        replies = self._react(packet, end_ns)
        self._free_ns = replies[-1].end_ns if replies else end_ns
        return replies

    def _react(self, packet: Packet, end_ns: int) -> list[Reply]:
        if not packet.crc_ok:
            return self._acknowledge(packet, ErrorNumber.CRC, end_ns)
        action = self._actions.get(packet.instruction)
        if action is None:
            return self._acknowledge(packet, ErrorNumber.INSTRUCTION, end_ns)
        return action(packet, end_ns)

    def _wire_ns(self, count: int) -> int:
        return round(count * self._byte_ns)

    def _find(self, servo_id: int, at_ns: int) -> EmulatedServo | None:
        servo = self._by_id.get(servo_id)
        if servo is None or servo.servo_id != servo_id:
            self._by_id = {servo.servo_id: servo for servo in self.servos}
            servo = self._by_id.get(servo_id)
        return servo if servo is not None and servo.answers(at_ns) else None

    def _status(self, servo: EmulatedServo, start_ns: int, error: int, data: bytes = b"") -> Reply:
        packet = protocol.encode_status(servo.servo_id, error | servo.alert, data)
        return Reply(start_ns + self._wire_ns(len(packet)), packet)

    def _confirm(
        self, servo: EmulatedServo | None, packet: Packet, end_ns: int, error: int
    ) -> list[Reply]:
        """What a servo answers to anything but reads and pings; under the id it was asked by."""
        if servo is None or servo.status_return_level < 2:
            return []
        data = protocol.encode_status(packet.packet_id, error | servo.alert)
        return [Reply(end_ns + servo.return_delay_ns + self._wire_ns(len(data)), data)]

    def _acknowledge(self, packet: Packet, error: int, end_ns: int) -> list[Reply]:
        return self._confirm(self._find(packet.packet_id, end_ns), packet, end_ns, error)

    def _ping(self, packet: Packet, end_ns: int) -> list[Reply]:
        replies = []
        for servo in sorted(self.servos, key=lambda s: s.servo_id):
            addressed = packet.packet_id in (BROADCAST_ID, servo.servo_id)
            if not addressed or not servo.answers(end_ns):
                continue
            data = servo.model.number.to_bytes(2, "little") + bytes([servo.firmware])
            replies.append(self._status(servo, end_ns + servo.return_delay_ns, 0, data))
            end_ns = replies[-1].end_ns
        return replies

    def _read(self, packet: Packet, end_ns: int) -> list[Reply]:
        if len(packet.parameters) != 4:
            return self._acknowledge(packet, ErrorNumber.DATA_LENGTH, end_ns)
        return self._read_each([ReadRequest(packet.packet_id, *_words(packet.parameters))], end_ns)

    def _write(self, packet: Packet, end_ns: int) -> list[Reply]:
        if len(packet.parameters) < 3:
            return self._acknowledge(packet, ErrorNumber.DATA_LENGTH, end_ns)
        address, data = _word(packet.parameters), packet.parameters[2:]
        if packet.packet_id == BROADCAST_ID:
            for servo in self.servos:
                if servo.answers(end_ns):
                    servo.write(address, data, end_ns)
            return []
        addressee = self._find(packet.packet_id, end_ns)
        self._write_shadows(packet.packet_id, address, data, end_ns)
        error = addressee.write(address, data, end_ns) if addressee else ErrorNumber.NONE
        return self._confirm(addressee, packet, end_ns, error)

    def _write_one(self, servo_id: int, address: int, data: bytes, at_ns: int) -> None:
        self._write_shadows(servo_id, address, data, at_ns)
        if (servo := self._find(servo_id, at_ns)) is not None:
            servo.write(address, data, at_ns)

    def _write_shadows(self, servo_id: int, address: int, data: bytes, at_ns: int) -> None:
        """Servos with this Secondary ID obey in the RAM area, and say nothing."""
        for servo in self._shadows.get(servo_id, ()):
            if address >= models.RAM_START and servo.answers(at_ns):
                servo.write(address, data, at_ns)

    def _reboot(self, packet: Packet, end_ns: int) -> list[Reply]:
        replies = self._acknowledge(packet, ErrorNumber.NONE, end_ns)
        for servo in self.servos:
            if packet.packet_id in (BROADCAST_ID, servo.servo_id) and servo.answers(end_ns):
                servo.reboot()
        return replies

    def _sync_read(self, packet: Packet, end_ns: int) -> list[Reply]:
        return self._read_each(_sync_requests(packet.parameters), end_ns)

    def _bulk_read(self, packet: Packet, end_ns: int) -> list[Reply]:
        return self._read_each(_bulk_requests(packet.parameters), end_ns)

    def _fast_sync_read(self, packet: Packet, end_ns: int) -> list[Reply]:
        return self._read_joint(_sync_requests(packet.parameters), end_ns)

    def _fast_bulk_read(self, packet: Packet, end_ns: int) -> list[Reply]:
        return self._read_joint(_bulk_requests(packet.parameters), end_ns)

    def _read_each(self, requests: list[ReadRequest], end_ns: int) -> list[Reply]:
        """One status packet a servo, each after the one before."""
        replies = []
        for request in requests:
            servo = self._find(request.servo_id, end_ns)
            if servo is None or servo.status_return_level < 1:
                continue
            start_ns = end_ns + servo.return_delay_ns
            error, data = servo.read(request.address, request.length, start_ns)
            replies.append(self._status(servo, start_ns, error, data))
            end_ns = replies[-1].end_ns
        return replies

    def _read_joint(self, requests: list[ReadRequest], end_ns: int) -> list[Reply]:
        """One status packet of all servos; it breaks off at the first that does not answer."""
        expected = sum(request.length + FAST_OVERHEAD for request in requests)
        if expected > protocol.MAX_LENGTH:
            return []
        blocks: list[tuple[int, int, bytes]] = []
        for request in requests:
            servo = self._find(request.servo_id, end_ns)
            if servo is None or not servo.reads_fast:
                break
            end_ns += servo.return_delay_ns
            error, data = servo.read(request.address, request.length, end_ns)
            data = data.ljust(request.length, b"\0")
            blocks.append((error | servo.alert, servo.servo_id, data))
            end_ns += self._wire_ns(request.length + FAST_OVERHEAD)
        if not blocks:
            return []
        packet = protocol.encode_fast_status(blocks, expected)
        return [Reply(end_ns + self._wire_ns(protocol.PREFIX + 1), packet)]

    def _sync_write(self, packet: Packet, end_ns: int) -> list[Reply]:
        address, length = _words(packet.parameters)
        rest = packet.parameters[4:]
        for start in range(0, len(rest), length + 1):
            chunk = rest[start : start + length + 1]
            self._write_one(chunk[0], address, chunk[1:], end_ns)
        return []

    def _bulk_write(self, packet: Packet, end_ns: int) -> list[Reply]:
        rest = packet.parameters
        while len(rest) > 5:
            address, length = _words(rest[1:])
            self._write_one(rest[0], address, rest[5 : 5 + length], end_ns)
            rest = rest[5 + length :]
        return []


def _word(data: bytes) -> int:
    return int.from_bytes(data[:2], "little")


def _words(data: bytes) -> tuple[int, int]:
    return _word(data), _word(data[2:])


def _sync_requests(parameters: bytes) -> list[ReadRequest]:
    address, length = _words(parameters)
    return [ReadRequest(servo_id, address, length) for servo_id in parameters[4:]]


def _bulk_requests(parameters: bytes) -> list[ReadRequest]:
    def requests() -> Iterator[ReadRequest]:
        for start in range(0, len(parameters) - 4, 5):
            yield ReadRequest(parameters[start], *_words(parameters[start + 1 :]))

    return list(requests())
