"""The SDK's port handler, made fit for a 200 Hz loop. Imported only when a port is opened.

Differences from the stock handler: reads block in the kernel for up to 1 ms instead of spinning
(a tenth of the CPU at the same rate), time-outs follow the monotonic clock and the latency of this
port instead of a fixed 34 ms on the wall clock, and a line that never falls silent cannot hold a
read for ever. An answer can be gathered whole before the SDK looks at it: what is to be sent next
then leaves first, and the SDK's work is done while the bus is busy.
"""

import contextlib
import os
import time
from collections.abc import Sequence

from dynamixel_sdk import PortHandler

KERNEL_READ_S = 0.001
TIMEOUT_MARGIN_MS = 2.0
QUEUE_BYTES = 4096
"""What the kernel keeps of a terminal's input at most."""
MAX_EXCESS_BYTES = 4096
"""Bytes beyond the expected reply after which a reader gives up on a babbling line."""


class SdkPort(PortHandler):  # type: ignore[misc]  # the SDK ships no types
    """A serial port as the SDK's packet handler wants it.

    Args:
        path: device path.
        latency_ms: time for which the adapter may hold received bytes back.
    """

    def __init__(self, path: str, latency_ms: float) -> None:
        super().__init__(path)
        self._latency_ms = latency_ms
        self._budget_bytes = MAX_EXCESS_BYTES
        self._gathered = b""

    def setupPort(self, cflag_baud: int) -> bool:
        """Open the port again; every change of the baud rate comes through here."""
        opened = bool(super().setupPort(cflag_baud))
        self.ser.timeout = KERNEL_READ_S
        return opened

    def setPacketTimeout(self, packet_length: int) -> None:
        """Allow for `packet_length` bytes, the adapter's latency both ways and a margin."""
        self._budget_bytes = packet_length + MAX_EXCESS_BYTES
        self.setPacketTimeoutMillis(self.timeout_ms(packet_length))

    def timeout_ms(self, packet_length: int) -> float:
        """Time-out of a reply of that many bytes."""
        transfer_ms = self.tx_time_per_byte * packet_length
        return float(transfer_ms + 2 * self._latency_ms + TIMEOUT_MARGIN_MS)

    def clearPort(self) -> None:
        """Throw away what has come and was not read.

        By reading it: to flush a terminal waits for the kernel's worker, which may be carrying the
        goals that were just sent.
        """
        self._gathered = b""
        with contextlib.suppress(BlockingIOError):
            os.read(self.ser.fd, QUEUE_BYTES)

    def request(self, packet: bytes, answer_bytes: int) -> None:
        """Send a packet that the SDK has made, and begin to wait for its answer."""
        self.clearPort()
        self.writePort(packet)
        self.setPacketTimeout(answer_bytes)

    def gather(self, count: int) -> bytes:
        """Take `count` bytes, or what comes until the time-out; `readPort` gives them again."""
        while (missing := count - len(self._gathered)) > 0:
            if data := self.ser.read(missing):
                self._gathered += data
            elif self.isPacketTimeout():
                break
        return self._gathered

    def writePort(self, packet: Sequence[int]) -> int:
        """Send, without waiting for the line to take it: packets are shorter than its buffer."""
        data = bytes(packet)
        try:
            sent = os.write(self.ser.fd, data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            sent += self.ser.write(data[sent:])
        return sent

    def readPort(self, length: int) -> bytes:
        """Up to `length` bytes, waiting at most 1 ms for them."""
        length = max(0, min(length, self._budget_bytes))
        if self._gathered:
            data, self._gathered = self._gathered[:length], self._gathered[length:]
        else:
            data = bytes(self.ser.read(length))
        self._budget_bytes -= len(data)
        return data

    def getCurrentTime(self) -> float:
        """Monotonic milliseconds."""
        return time.monotonic_ns() / 1e6
