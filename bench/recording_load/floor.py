"""The least that a recorder can do in Python: raw takes in a loop, bytes to a plain file.

`python -m recording_load.floor LOAD FILE`. Same reader depths, same loop rate and the same fsyncs
as the recorder's, but no ledger, no chunks, no index and no checksum.
"""

import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import rclpy
from rclpy.signals import SignalHandlerOptions

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.recorder import DRAIN_HZ
from teleop_collect.process import StopSignal, prefer_data
from teleop_collect.recording.sync_thread import SYNC_BYTES

from .contents import Recorded
from .publisher import quality
from .reader_depths import reader_depths
from .streams import LOADS

FSYNC_S, LOOK_S = 1.0, 0.02
MAX_BUFFERS = 512
_FRAME = struct.Struct("<II")


def main() -> None:
    """Entry point."""
    streams, path = LOADS[sys.argv[1]], Path(sys.argv[2])
    prefer_data()
    stop = StopSignal().install()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("floor")
    depths = reader_depths(sys.argv[1])
    readers = [
        PolledSubscription(node, s.type, s.topic, quality(s, depths[s.topic]), raw=True)
        for s in streams
    ]
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    syncing = threading.Thread(target=_sync, args=(fd, stop), daemon=True)
    syncing.start()
    loop = PacedLoop(DRAIN_HZ, SystemClock())
    while not stop.is_set:
        loop.wait()
        _write(fd, readers)
    _write(fd, readers)
    syncing.join()
    os.fsync(fd)
    os.close(fd)


def _sync(fd: int, stop: StopSignal) -> None:
    """Sync each second, or sooner when much was written."""
    synced_s, synced_bytes = time.monotonic(), 0
    while not stop.wait(LOOK_S):
        written = os.fstat(fd).st_size
        if time.monotonic() - synced_s >= FSYNC_S or written - synced_bytes >= SYNC_BYTES:
            synced_s, synced_bytes = time.monotonic(), written
            os.fsync(fd)


def _write(fd: int, readers: list[PolledSubscription]) -> None:
    buffers: list[bytes] = []
    for index, reader in enumerate(readers):
        for taken in reader.drain():
            buffers += (_FRAME.pack(index, len(taken.message)), taken.message)
    for start in range(0, len(buffers), MAX_BUFFERS):
        batch = buffers[start : start + MAX_BUFFERS]
        if os.writev(fd, batch) != sum(map(len, batch)):
            raise OSError("short write")


def read_plain(path: Path, load: str) -> Iterator[Recorded]:
    """Each message of the file."""
    topics = [stream.topic for stream in LOADS[load]]
    with path.open("rb") as file:
        while frame := file.read(_FRAME.size):
            index, length = _FRAME.unpack(frame)
            yield Recorded(topics[index], file.read(length))


if __name__ == "__main__":
    main()
