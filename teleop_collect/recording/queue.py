"""The queue between receiving and writing: bounded by bytes, shedding by priority, counting.

When the disk stalls, streams are given up in this order: what the rig file does not require, then
depth, then colour. Each class may fill the queue only up to its share, so the next one still has
room. Joints, commands, wrench, poses, status and labels are small and never given up.
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
_BULKY = frozenset({StreamKind.COLOR, StreamKind.DEPTH, StreamKind.OTHER})


class ShedClass(Enum):
    """Share of the queue's bytes up to which a stream may fill it; None is without limit."""

    OPTIONAL = 0.5
    DEPTH = 0.75
    COLOR = 1.0
    NEVER = None


def shed_class(stream: Stream) -> ShedClass:
    """When a stream is given up under back-pressure."""
    if stream.kind not in _BULKY:
        return ShedClass.NEVER
    if not stream.required:
        return ShedClass.OPTIONAL
    return ShedClass.DEPTH if stream.kind is StreamKind.DEPTH else ShedClass.COLOR


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
        limit_bytes: payload bytes that sheddable streams may hold in the queue.
    """

    def __init__(self, classes: Sequence[ShedClass], limit_bytes: int) -> None:
        self._limits = [None if c.value is None else int(c.value * limit_bytes) for c in classes]
        self._items: deque[QueuedMessage] = deque()
        self._bytes = 0
        self._closed = False
        self._open_runs: dict[int, Dropout] = {}
        self._dropouts: list[Dropout] = []
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Payload bytes waiting."""
        return self._bytes

    def put(self, message: QueuedMessage) -> bool:
        """Add a message; False when it was given up (or the queue is closed)."""
        stream = message[0]
        size = len(message[4])
        limit = self._limits[stream]
        with self._lock:
            if self._closed or (limit is not None and self._bytes + size > limit):
                self._note_drop(stream, message[1])
                return False
            if stream in self._open_runs:
                self._dropouts.append(self._open_runs.pop(stream))
            self._items.append(message)
            self._bytes += size
        return True

    def take(self) -> list[QueuedMessage]:
        """The oldest messages, up to about 4 MiB; empty when there is none."""
        batch: list[QueuedMessage] = []
        taken = 0
        with self._lock:
            while self._items and taken < BATCH_BYTES:
                message = self._items.popleft()
                taken += len(message[4])
                batch.append(message)
            self._bytes -= taken
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
