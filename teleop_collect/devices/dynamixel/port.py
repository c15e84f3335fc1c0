"""One owner of one serial port: exclusive, guarded against loss of the device and late replies."""

import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from teleop_collect.devices.dynamixel.exclusive import DeviceLock
from teleop_collect.devices.dynamixel.late_replies import MAX_LATENESS_NS, OwedAnswers
from teleop_collect.devices.dynamixel.latency import (
    BITS_PER_BYTE,
    DEFAULT_LATENCY_MS,
    STATUS_BYTES,
    latency_timer_ms,
)
from teleop_collect.devices.dynamixel.models import Item
from teleop_collect.devices.dynamixel.packets import (
    ERROR,
    FAST_HEAD_BYTES,
    FAST_OVERHEAD,
    LENGTH_OVERHEAD,
    PARAMETERS,
    SERVO_ID,
    PacketShelf,
    StatusReply,
    fast_share,
    is_whole,
    packet_length,
)
from teleop_collect.errors import (
    ConfigError,
    DeviceDisconnected,
    DeviceError,
    DeviceTimeout,
    MissingExtraError,
)

SPARE_LENGTHS = 8
"""Bytes more that a single read asks for at most, so that no late answer passes for its own."""
MEANWHILE_S = 0.0004
"""So long before the answers are due, what is to be sent after them is asked for."""


def _import_sdk() -> tuple[Any, Any]:
    try:
        import dynamixel_sdk

        from teleop_collect.devices.dynamixel.sdk_port import SdkPort
    except ImportError as error:
        raise MissingExtraError("dynamixel_sdk", "dynamixel") from error
    return dynamixel_sdk, SdkPort


class BusPort:
    """A Dynamixel bus (protocol 2.0) behind a serial port.

    Methods may be called from several threads; one exchange runs at a time.

    Args:
        path: device path.
        baud: bits per second.

    Raises:
        MissingExtraError: dynamixel_sdk is not installed.
    """

    def __init__(self, path: str, baud: int) -> None:
        self._sdk, self._sdk_port_type = _import_sdk()
        self.path = path
        self.baud = baud
        self.latency_ms: float | None = None
        self._packets = self._sdk.PacketHandler(2.0)
        self._mutex = threading.Lock()
        self._lock: DeviceLock | None = None
        self._handler: Any = None
        self._owed = OwedAnswers()
        self._requests: dict[tuple[Any, ...], PacketShelf] = {}

    def open(self) -> None:
        """Take the port; does nothing when it is open.

        Raises:
            BusyError: another driver has it.
            DeviceDisconnected: it is not there.
            ConfigError: the SDK does not know the baud rate.
        """
        with self._mutex:
            if self._handler is not None:
                return
            self._lock = DeviceLock(self.path)
            try:
                self._open()
            except BaseException:
                self._drop()
                raise

    def close(self) -> None:
        """Give the port back; safe to call twice."""
        with self._mutex:
            self._drop()

    def read(self, servo_id: int, address: int, length: int) -> StatusReply:
        """Registers of one servo.

        Raises:
            DeviceTimeout: no (whole) answer.
            DeviceError: the servo refuses.
            DeviceDisconnected: the port is gone.
        """

        def request(asked: int) -> PacketShelf:
            shelf = PacketShelf()
            self._sent(self._packets.readTx(shelf, servo_id, address, asked))
            return shelf

        reply = self._ask(servo_id, range(length, length + SPARE_LENGTHS + 1), request)
        self._check_error(reply, f"servo {servo_id} refuses to be read at address {address}")
        return StatusReply(reply.error, reply.data[:length])

    def write(self, servo_id: int, item: Item, value: int) -> StatusReply:
        """Write one register.

        Raises:
            DeviceTimeout: not confirmed.
            DeviceError: the servo refuses.
            DeviceDisconnected: the port is gone.
        """
        data = list(item.pack(value))

        def request(_: int) -> PacketShelf:
            shelf = PacketShelf()
            result = self._packets.writeTxOnly(shelf, servo_id, item.address, item.size, data)
            self._sent(result)
            return shelf

        reply = self._ask(servo_id, (0,), request)
        self._check_error(reply, f"servo {servo_id} refuses {value} at address {item.address}")
        return reply

    def sync_write(self, item: Item, values: Mapping[int, int]) -> None:
        """One Sync Write of values by servo id; servos do not confirm it.

        Raises:
            DeviceDisconnected: the port is gone.
        """
        packet = self.encode_sync_write(item, values)
        with self._mutex:
            self._guarded(lambda: self._handler.writePort(packet))

    def encode_sync_write(self, item: Item, values: Mapping[int, int]) -> bytes:
        """The packet of a Sync Write, as the SDK makes it."""
        content = b"".join(bytes([i]) + item.pack(value) for i, value in values.items())
        shelf = PacketShelf()
        self._sent(
            self._packets.syncWriteTxOnly(
                shelf, item.address, item.size, list(content), len(content)
            )
        )
        return shelf.packet

    def sync_read(
        self,
        servo_ids: Sequence[int],
        address: int,
        length: int,
        *,
        fast: bool = False,
        meanwhile: Callable[[], bytes] | None = None,
    ) -> dict[int, StatusReply]:
        """One Sync Read; what came whole and in time, by servo id.

        Replies of another length or servo are ignored. The SDK's own `GroupSyncRead` is not used:
        it drops the error field and keeps replies of earlier reads.

        Args:
            servo_ids: who is asked.
            address: of the first byte.
            length: bytes of each servo.
            fast: Fast Sync Read: one packet of all servos, which is shorter, comes whole or not at
                all, and needs firmware that knows it.
            meanwhile: called shortly before the answers are due; makes a packet (empty for none)
                that leaves as soon as they have come or their time is over. Answers are looked at
                after that, while the packet takes its time on the bus.

        Raises:
            DeviceDisconnected: the port is gone.
        """
        receive = self._receive_joint if fast else self._receive_each
        ids = list(servo_ids)
        request = self._read_request(ids, address, length, fast=fast)
        share, head = (FAST_OVERHEAD, FAST_HEAD_BYTES) if fast else (STATUS_BYTES, 0)
        expected_bytes = head + len(ids) * (share + length)
        spare_s = (len(request.packet) + expected_bytes) * BITS_PER_BYTE / self.baud - MEANWHILE_S

        def exchange() -> dict[int, StatusReply]:
            handler = self._handler
            handler.request(request.packet, request.answer_bytes)
            packet = b""
            if meanwhile is not None:
                if spare_s > 0:
                    time.sleep(spare_s)
                packet = meanwhile()
            whole = is_whole(handler.gather(expected_bytes))
            if packet and whole:
                handler.writePort(packet)
            replies = receive(ids, length)
            if packet and not whole:
                handler.writePort(packet)
            return replies

        with self._mutex:
            replies: dict[int, StatusReply] = self._guarded(exchange)
            return replies

    def who_answers(self) -> dict[int, int]:
        """Model numbers of all servos that answer, by id; takes most of a second.

        Raises:
            DeviceDisconnected: the port is gone.
        """
        with self._mutex:
            found, _ = self._guarded(lambda: self._packets.broadcastPing(self._handler))
        return {servo_id: model for servo_id, (model, _) in found.items()}

    def _open(self) -> None:
        self.latency_ms = latency_timer_ms(self.path)
        latency_ms = DEFAULT_LATENCY_MS if self.latency_ms is None else self.latency_ms
        self._handler = self._sdk_port_type(self.path, latency_ms)
        if not self._guarded(lambda: self._handler.setBaudRate(self.baud)):
            raise ConfigError(
                f"{self.path}: baud rate {self.baud} is not supported; Dynamixel buses use "
                "57600, 115200, 1000000, 2000000, 3000000 or 4000000"
            )
        # Whoever had the port before may have left answers under way.
        self._guarded(lambda: self._drain_until(time.monotonic_ns() + MAX_LATENESS_NS))

    def _read_request(
        self, servo_ids: list[int], address: int, length: int, *, fast: bool
    ) -> PacketShelf:
        """The packet of a Sync Read, made by the SDK once."""
        key = (*servo_ids, address, length, fast)
        shelf = self._requests.get(key)
        if shelf is None:
            shelf = self._requests[key] = PacketShelf()
            count = len(servo_ids)
            self._sent(self._packets.syncReadTx(shelf, address, length, servo_ids, count, fast))
        return shelf

    def _sent(self, result: int) -> None:
        if result != self._sdk.COMM_SUCCESS:
            raise OSError(self._packets.getTxRxResult(result))

    def _receive_each(self, servo_ids: list[int], length: int) -> dict[int, StatusReply]:
        handler = self._handler
        replies: dict[int, StatusReply] = {}
        while len(replies) < len(servo_ids):
            packet, result = self._packets.rxPacket(handler, False)
            if result != self._sdk.COMM_SUCCESS:
                break
            servo_id = packet[SERVO_ID]
            if servo_id in servo_ids and packet_length(packet) == length + LENGTH_OVERHEAD:
                data = bytes(packet[PARAMETERS : PARAMETERS + length])
                replies[servo_id] = StatusReply(packet[ERROR], data)
            elif handler.isPacketTimeout():
                break
        return replies

    def _receive_joint(self, servo_ids: list[int], length: int) -> dict[int, StatusReply]:
        handler = self._handler
        share = length + FAST_OVERHEAD
        while True:
            packet, result = self._packets.rxPacket(handler, True)
            if result != self._sdk.COMM_SUCCESS:
                return {}
            is_joint = packet[SERVO_ID] == self._sdk.BROADCAST_ID
            if is_joint and packet_length(packet) == len(servo_ids) * share + 1:
                break
            if handler.isPacketTimeout():
                return {}
        shares = fast_share(length).iter_unpack(bytes(packet)[FAST_HEAD_BYTES:])
        return {i: StatusReply(error, data) for error, i, data in shares if i in servo_ids}

    def _ask(
        self, servo_id: int, lengths: Sequence[int], request: Callable[[int], PacketShelf]
    ) -> StatusReply:
        """One exchange with one servo, for an answer that no late one can be taken for.

        Args:
            servo_id: who is asked.
            lengths: how many bytes the answer may have; the first that is free is asked for.
            request: makes the packet for that many bytes.
        """

        def exchange() -> StatusReply | int:
            length, free_ns = self._owed.first_free(servo_id, lengths, time.monotonic_ns())
            self._drain_until(free_ns)
            shelf = request(length)
            self._handler.request(shelf.packet, shelf.answer_bytes or STATUS_BYTES)
            reply = self._receive_one(servo_id, length)
            if not isinstance(reply, StatusReply):
                self._owed.failed(servo_id, length, time.monotonic_ns())
            return reply

        with self._mutex:
            reply = self._guarded(exchange)
        if isinstance(reply, StatusReply):
            return reply
        damaged = reply == self._sdk.COMM_RX_CORRUPT
        what = "gave a damaged answer" if damaged else "gave no answer"
        raise DeviceTimeout(f"servo {servo_id} on {self.path} {what} at {self.baud} baud")

    def _receive_one(self, servo_id: int, length: int) -> StatusReply | int:
        """The answer of that servo and length, or its refusal; else the SDK's result."""
        while True:
            packet, result = self._packets.rxPacket(self._handler, False)
            if result != self._sdk.COMM_SUCCESS:
                return int(result)
            count = packet_length(packet) - LENGTH_OVERHEAD
            reply = StatusReply(packet[ERROR], bytes(packet[PARAMETERS : PARAMETERS + count]))
            refuses = count == 0 and reply.error_number != 0
            if packet[SERVO_ID] == servo_id and (count == length or refuses):
                return reply
            if self._handler.isPacketTimeout():
                return int(self._sdk.COMM_RX_TIMEOUT)

    def _drain_until(self, end_ns: int) -> None:
        while time.monotonic_ns() < end_ns:
            self._handler.ser.read(1024)

    def _guarded(self, exchange: Callable[[], Any]) -> Any:
        """Run an exchange; a lost port is given up, so that `open` can take it again."""
        if self._handler is None:
            raise DeviceDisconnected(f"{self.path} is not open; connect first")
        try:
            return exchange()
        except (OSError, termios.error) as error:
            # pyserial's SerialException is an OSError; tcflush on a vanished port is not.
            self._drop()
            raise DeviceDisconnected(
                f"{self.path} is gone ({error}); plug the arm in and connect again"
            ) from error
        finally:
            if self._handler is not None:
                self._handler.is_using = False

    def _drop(self) -> None:
        handler, self._handler = self._handler, None
        lock, self._lock = self._lock, None
        try:
            if handler is not None and handler.ser is not None:
                handler.closePort()
        except (OSError, termios.error):
            handler.is_open = False
        finally:
            if lock is not None:
                lock.release()

    def _check_error(self, reply: StatusReply, what: str) -> None:
        if reply.error_number:
            text = self._packets.getRxPacketError(reply.error_number)
            raise DeviceError(f"{what} on {self.path}: {text}")
