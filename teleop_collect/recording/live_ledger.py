"""Every stream's rate and ledger while the recorder runs, for diagnostics and operators.

Rates are of the time since the reading before and do not need an episode; the rest is of the
running episode. What cannot be seen is "unknown" here as in the manifest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.recording.transport_loss import UNKNOWN, Unknown
from teleop_collect.topics import Stream


@dataclass(frozen=True)
class LiveStream:
    """One stream as it is now.

    Attributes:
        topic: absolute name.
        required: an episode without it is bad.
        expected_hz: nominal rate, or None.
        hz: messages per second since the reading before; unknown at the first reading.
        expected: messages that the nominal rate makes of the episode so far; None between episodes,
            as are the following.
        received: messages of the episode that reached the recorder.
        written: messages in the file; what was received, not dropped and not written yet waits.
        dropped_queue: those given up because the disk is slow.
        lost_transport: messages that never reached the recorder.
        lost_device: images that the camera made and its driver never published.
        gaps: intervals longer than 1.5 periods so far.
        max_gap_ms: the longest interval so far.
        out_of_order: messages stamped earlier than the one before.
        duplicate_stamps: messages stamped as the one before.
        late: messages received more than 100 ms after their stamp.
    """

    topic: str
    required: bool
    expected_hz: float | None
    hz: float | Unknown
    expected: int | Unknown | None = None
    received: int | None = None
    written: int | None = None
    dropped_queue: int | None = None
    lost_transport: int | Unknown | None = None
    lost_device: int | Unknown | None = None
    gaps: int | Unknown | None = None
    max_gap_ms: float | Unknown | None = None
    out_of_order: int | None = None
    duplicate_stamps: int | None = None
    late: int | Unknown | None = None


class LiveLedger:
    """Reads all streams at once.

    Args:
        streams: by absolute topic.
        counts: messages received since the beginning, in the same order; read, never written.
    """

    def __init__(self, streams: Mapping[str, Stream], counts: Sequence[int]) -> None:
        self._streams = streams
        self._counts = counts
        self._before = list(counts)
        self._before_ns: int | None = None

    def read(
        self, now_ns: int, ledgers: Sequence[StreamLedger] | None, age_ns: int = 0
    ) -> list[LiveStream]:
        """The streams as they are now.

        Args:
            now_ns: monotonic time.
            ledgers: of the running episode, in the streams' order; None between episodes.
            age_ns: how long the episode has run.
        """
        counts = list(self._counts)
        elapsed_ns = 0 if self._before_ns is None else now_ns - self._before_ns
        rows = []
        for number, (topic, stream) in enumerate(self._streams.items()):
            new = counts[number] - self._before[number]
            hz: float | Unknown = new * NS_PER_S / elapsed_ns if elapsed_ns > 0 else UNKNOWN
            row = LiveStream(topic, stream.required, stream.expected_hz, hz)
            rows.append(row if ledgers is None else _with_ledger(row, ledgers[number], age_ns))
        self._before, self._before_ns = counts, now_ns
        return rows


def _with_ledger(row: LiveStream, ledger: StreamLedger, age_ns: int) -> LiveStream:
    gaps, longest_ns = ledger.line.with_edges([])
    return LiveStream(
        row.topic,
        row.required,
        row.expected_hz,
        row.hz,
        expected=ledger.expected(age_ns),
        received=ledger.received,
        written=ledger.written,
        dropped_queue=ledger.dropped_queue,
        lost_transport=ledger.transport.lost,
        lost_device=ledger.device.lost,
        gaps=gaps,
        max_gap_ms=longest_ns if longest_ns == UNKNOWN else longest_ns / 1e6,
        out_of_order=ledger.line.out_of_order,
        duplicate_stamps=ledger.line.duplicates,
        late=ledger.late,
    )
