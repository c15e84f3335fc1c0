"""What a pseudo terminal takes by itself, measured, so that the emulated line can take it off.

The kernel hands the bytes of a pseudo terminal over in a worker thread, and the emulator must wake
up to see them. Neither is part of a bus. What a quarter of some transfers does not exceed is taken
off each, so that most take a little longer than their bytes would on a wire.
"""

import os
import select
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

TRANSFERS = 60
PAUSE_S = 0.0005
"""Between two transfers, so that the reader has fallen asleep."""
LONGEST_S = 0.1
MAX_TAKEN_OFF_NS = 50_000
"""A busy machine takes longer; that is not the terminal's own."""
PROBE = bytes(64)


@dataclass(frozen=True)
class TerminalDelay:
    """Times that bytes spend at least, mostly, between their write and the other end.

    Attributes:
        noticed_ns: from a driver's write until a sleeping emulator is awake.
        delivered_ns: from the emulator's write until a driver can read.
    """

    noticed_ns: int = 0
    delivered_ns: int = 0


def measure_terminal_delay() -> TerminalDelay:
    """Measure on a terminal of its own; takes some 50 ms."""
    with _terminal() as (master, slave):
        delivered = [_delivered_ns(master, slave) for _ in range(TRANSFERS)]
        noticed = _noticed_ns(master, slave)
    return TerminalDelay(_usual(noticed), _usual(delivered))


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        os.set_blocking(slave, False)
        yield master, slave
    finally:
        os.close(master)
        os.close(slave)


def _usual(transfers_ns: list[int | None]) -> int:
    known = sorted(ns for ns in transfers_ns if ns is not None)
    return min(known[len(known) // 4], MAX_TAKEN_OFF_NS) if known else 0


def _delivered_ns(master: int, slave: int) -> int | None:
    start_ns = time.monotonic_ns()
    os.write(master, PROBE)
    return _until_read(slave, start_ns)


def _noticed_ns(master: int, slave: int) -> list[int | None]:
    sent: list[int] = []

    def send() -> None:
        # One thread for all: while a thread ends, it would keep the reader from running.
        for _ in range(TRANSFERS):
            time.sleep(PAUSE_S)
            sent.append(time.monotonic_ns())
            os.write(slave, PROBE)

    sender = threading.Thread(target=send)
    sender.start()
    noticed: list[int | None] = []
    while len(noticed) < TRANSFERS and select.select([master], [], [], LONGEST_S)[0]:
        awake_ns = time.monotonic_ns()
        os.read(master, len(PROBE))
        noticed.append(awake_ns - sent[len(noticed)])
    sender.join()
    return noticed


def _until_read(reader: int, start_ns: int) -> int | None:
    while time.monotonic_ns() - start_ns < LONGEST_S * 1e9:
        try:
            os.read(reader, len(PROBE))
        except BlockingIOError:
            continue
        return time.monotonic_ns() - start_ns
    return None
