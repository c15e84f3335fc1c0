"""What became of every message of one stream, and how regular the stream was.

Counts are exact: received = written + dropped_queue, always. Regularity is judged on the stream's
own time line: header stamps where the type has them (when the sensor measured), receive times
otherwise or where the stamp is unset. A gap is an interval longer than 1.5 nominal periods; silence
at either end of the episode counts too, when it exceeds what delivery in bursts explains.
"""

import struct
from array import array
from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S
from teleop_collect.recording.transport_loss import UNKNOWN, TransportLoss, Unknown
from teleop_collect.topics import RECORDER_STALL_S

GAP_PERIODS = 1.5
# Delivery in bursts may leave this much silence before the first and after the last message.
EDGE_SLACK_NS = int(RECORDER_STALL_S * NS_PER_S)

# CDR: 4 bytes of encapsulation, then header.stamp as int32 s and uint32 ns. The encapsulation's
# second byte is 1 for little endian.
_STAMP_LE = struct.Struct("<iI")
_STAMP_BE = struct.Struct(">iI")
_STAMP_END = 12


@dataclass(frozen=True)
class StreamCounts:
    """The ledger of one stream at the end of an episode.

    Attributes:
        received: messages that reached the recorder.
        written: messages in the file.
        dropped_queue: messages received and not in the file.
        lost_transport: messages that never reached the recorder.
        mean_hz: of the stream's own time line; unknown with a single message.
        gaps: intervals longer than 1.5 periods; unknown without a nominal rate.
        max_gap_ms: the longest interval; unknown for a stream without messages or rate.
        out_of_order: messages stamped earlier than the one before.
        duplicate_stamps: messages stamped as the one before.
    """

    received: int | Unknown
    written: int
    dropped_queue: int | Unknown
    lost_transport: int | Unknown
    mean_hz: float | Unknown
    gaps: int | Unknown
    max_gap_ms: float | Unknown
    out_of_order: int
    duplicate_stamps: int


class StreamLedger:
    """Counts one stream while it is recorded.

    Args:
        expected_hz: nominal rate, or None.
        has_header: whether bytes 4..12 of a message are its header stamp.
        continuous: whether the stream should flow for the whole episode; silence at its ends is
            then a gap.
    """

    def __init__(
        self, expected_hz: float | None, *, has_header: bool, continuous: bool = True
    ) -> None:
        self.expected_hz = expected_hz
        self._has_header = has_header
        self._continuous = continuous
        self.received = 0
        self.written = 0
        self.dropped_full = 0
        """Given up because the queue was full; counted by the receiving thread."""
        self.dropped_unwritten = 0
        """Lost because the disk failed; counted by the writing thread."""
        self.transport = TransportLoss()
        self.stamps_ns = array("q")
        """Time line of the stream: one entry for each message that entered the queue, UTC ns."""
        self.first_receive_ns = 0
        self.last_receive_ns = 0

    @property
    def dropped_queue(self) -> int:
        """Messages received and not written."""
        return self.dropped_full + self.dropped_unwritten

    def accept(self, receive_ns: int, data: bytes) -> None:
        """Note a message that entered the queue."""
        stamp_ns = header_stamp_ns(data) if self._has_header else 0
        self.stamps_ns.append(stamp_ns or receive_ns)
        if not self.first_receive_ns:
            self.first_receive_ns = receive_ns
        self.last_receive_ns = receive_ns

    def counts(self, started_ns: int, ended_ns: int) -> StreamCounts:
        """The ledger, once nothing is in flight.

        Args:
            started_ns: begin of the episode, UTC ns.
            ended_ns: its end, UTC ns.
        """
        line = TimeLine.of(self.stamps_ns, self.expected_hz)
        gaps, longest_ns = line.with_edges(self._edges_ns(started_ns, ended_ns))
        return StreamCounts(
            received=self.received,
            written=self.written,
            dropped_queue=self.dropped_queue,
            lost_transport=self.transport.lost,
            mean_hz=line.mean_hz,
            gaps=gaps,
            max_gap_ms=longest_ns if longest_ns == UNKNOWN else longest_ns / 1e6,
            out_of_order=line.out_of_order,
            duplicate_stamps=line.duplicates,
        )

    def _edges_ns(self, started_ns: int, ended_ns: int) -> list[int]:
        """Silence before the first and after the last message."""
        if not self._continuous:
            return []
        if not self.first_receive_ns:
            return [ended_ns - started_ns]
        return [self.first_receive_ns - started_ns, ended_ns - self.last_receive_ns]


@dataclass(frozen=True)
class TimeLine:
    """Regularity of a series of stamps in order of arrival."""

    count: int
    mean_hz: float | Unknown
    period_ns: float | None
    gaps: int
    longest_ns: int
    out_of_order: int
    duplicates: int

    @classmethod
    def of(cls, stamps_ns: "array[int]", expected_hz: float | None) -> "TimeLine":
        """Measure a series; intervals that run backwards are counted, not measured."""
        period_ns = NS_PER_S / expected_hz if expected_hz else None
        gaps = longest_ns = out_of_order = duplicates = 0
        newest_ns = stamps_ns[0] if stamps_ns else 0
        previous_ns = newest_ns
        for stamp_ns in stamps_ns[1:]:
            if stamp_ns < previous_ns:
                out_of_order += 1
            elif stamp_ns == previous_ns:
                duplicates += 1
            previous_ns = stamp_ns
            if (interval_ns := stamp_ns - newest_ns) > 0:
                newest_ns = stamp_ns
                longest_ns = max(longest_ns, interval_ns)
                gaps += bool(period_ns and interval_ns > GAP_PERIODS * period_ns)
        mean_hz = _mean_hz(stamps_ns)
        return cls(len(stamps_ns), mean_hz, period_ns, gaps, longest_ns, out_of_order, duplicates)

    def with_edges(self, edges_ns: list[int]) -> tuple[int | Unknown, int | Unknown]:
        """Gaps and longest interval, with the silences at the ends of the episode."""
        if self.period_ns is None:
            return UNKNOWN, self.longest_ns if self.count > 1 else UNKNOWN
        allowed_ns = max(GAP_PERIODS * self.period_ns, EDGE_SLACK_NS)
        silent_ns = [edge_ns for edge_ns in edges_ns if edge_ns > allowed_ns]
        return self.gaps + len(silent_ns), max([self.longest_ns, *silent_ns])


def _mean_hz(stamps_ns: "array[int]") -> float | Unknown:
    if not stamps_ns:
        return 0.0
    span_ns = max(stamps_ns) - min(stamps_ns)
    return (len(stamps_ns) - 1) * NS_PER_S / span_ns if span_ns else UNKNOWN


def header_stamp_ns(data: bytes) -> int:
    """header.stamp of a CDR message whose first field is a std_msgs/Header; 0 when unset, ns."""
    if len(data) < _STAMP_END:
        return 0
    seconds, nanoseconds = (_STAMP_LE if data[1] & 1 else _STAMP_BE).unpack_from(data, 4)
    return int(seconds) * NS_PER_S + int(nanoseconds)
