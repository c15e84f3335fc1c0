"""The queue between receiving and writing: bounded by bytes, shedding by priority, counting.

When the disk stalls, streams are given up in this order: images that the rig file does not require,
then depth, then colour. Each class may fill the queue only up to its share, so the next one still
has room. Joints, commands, wrench, poses, status and labels come last: they have a share that no
image may use, a minute or more of them, and once messages pile up they are also written first, so
that a kill does not take them with the images before them.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from teleop_collect.topics import Stream, StreamKind

# stream number, log time ns, publish time ns, sequence, CDR bytes
QueuedMessage = tuple[int, int, int, int, bytes]

BATCH_BYTES = 4 << 20
MESSAGE_BYTES = 256
"""What Python needs for a message beside its payload: a tuple, four numbers, the bytes' head."""
_IMAGES = frozenset({StreamKind.COLOR, StreamKind.DEPTH})
_BULKY_TYPES = ("Image", "PointCloud", "DisparityImage", "OccupancyGrid")


class ShedClass(Enum):
    """Share of the queue's bytes up to which a stream may fill it."""

    OPTIONAL = 0.5
    DEPTH = 0.75
    COLOR = 1.0
    LAST = 1.25
    """Beyond what is meant for the queue: memory stays bounded even where the disk hangs."""


def shed_class(stream: Stream) -> ShedClass:
    """When a stream is given up under back-pressure."""
    if not _is_bulky(stream):
        return ShedClass.LAST
    if not stream.required:
        return ShedClass.OPTIONAL
    return ShedClass.DEPTH if stream.kind is StreamKind.DEPTH else ShedClass.COLOR


def _is_bulky(stream: Stream) -> bool:
    """Whether its messages are images or clouds, whatever the rig file uses them for."""
    name = stream.type.rpartition("/")[2]
    return stream.kind in _IMAGES or any(word in name for word in _BULKY_TYPES)


def limits_of(streams: Sequence[Stream], queue_bytes: int) -> list[int]:
    """Bytes up to which each stream may fill a queue."""
    return [int(shed_class(stream).value * queue_bytes) for stream in streams]


@dataclass(frozen=True)
class Dropout:
    """A run of consecutive messages of one stream that did not fit.

    Attributes:
        stream: number of the stream.
        count: messages.
        first_ns: receive time of the first, UTC ns.
        last_ns: receive time of the last, UTC ns.
    """

    stream: int
    count: int
    first_ns: int
    last_ns: int


class RecordingQueue:
    """Many producers, one consumer.

    Args:
        classes: shed class of each stream, by stream number.
        limit_bytes: bytes for all but the last class; that one may use a quarter more.
    """

    def __init__(self, classes: Sequence[ShedClass], limit_bytes: int) -> None:
        self._limits = [int(c.value * limit_bytes) for c in classes]
        self._is_last = [c is ShedClass.LAST for c in classes]
        # Each message with its number in order of arrival.
        self._bulky: deque[tuple[int, QueuedMessage]] = deque()
        self._small: deque[tuple[int, QueuedMessage]] = deque()
        self._arrived = 0
        self._bytes = 0
        self._closed = False
        self._open_runs: dict[int, Dropout] = {}
        self._dropouts: list[Dropout] = []
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes waiting, with what Python needs for each message."""
        return self._bytes

    def put(self, message: QueuedMessage) -> bool:
        """Add a message; False when it was given up (or the queue is closed)."""
        stream = message[0]
        size = len(message[4]) + MESSAGE_BYTES
        with self._lock:
            if self._closed or self._bytes + size > self._limits[stream]:
                self._note_drop(stream, message[1])
                return False
            if stream in self._open_runs:
                self._dropouts.append(self._open_runs.pop(stream))
            self._arrived += 1
            waiting = self._small if self._is_last[stream] else self._bulky
            waiting.append((self._arrived, message))
            self._bytes += size
        return True

    def take(self) -> list[QueuedMessage]:
        """The next messages, up to about 4 MiB; empty when there is none.

        In order of arrival; small streams first while more waits than is taken at once.
        """
        batch: list[QueuedMessage] = []
        small, bulky = self._small, self._bulky
        with self._lock:
            end = self._bytes - BATCH_BYTES
            piled_up = end > 0
            while (small or bulky) and self._bytes > end:
                first = small if small and (piled_up or not bulky or small[0] < bulky[0]) else bulky
                _, message = first.popleft()
                self._bytes -= len(message[4]) + MESSAGE_BYTES
                batch.append(message)
        return batch

    def close(self) -> None:
        """Refuse further messages; those inside can still be taken."""
        with self._lock:
            self._closed = True

    def take_dropouts(self, *, final: bool = False) -> list[Dropout]:
        """Runs of drops that ended since the last call; with `final`, also those still open."""
        with self._lock:
            ended, self._dropouts = self._dropouts, []
            if final:
                ended += self._open_runs.values()
                self._open_runs = {}
        return ended

    def _note_drop(self, stream: int, receive_ns: int) -> None:
        run = self._open_runs.get(stream)
        self._open_runs[stream] = (
            Dropout(stream, 1, receive_ns, receive_ns)
            if run is None
            else Dropout(stream, run.count + 1, run.first_ns, receive_ns)
        )
