"""What became of every message of one stream, and how regular the stream was.

Counts are exact: received = written + dropped_queue, always. Regularity is judged on the stream's
own time line: header stamps where the type has them (when the sensor measured), receive times
otherwise or where the stamp is unset. A gap is an interval longer than 1.5 nominal periods (see
`time_line`); silence at either end of the episode counts too, when it exceeds what delivery in
bursts explains.
"""

import struct
from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S
from teleop_collect.recording.frame_loss import FrameLoss
from teleop_collect.recording.stamp_delay import DelayCounts, StampDelay
from teleop_collect.recording.time_line import TimeLine
from teleop_collect.recording.transport_loss import UNKNOWN, TransportLoss, Unknown

# CDR: 4 bytes of encapsulation, then header.stamp as int32 s and uint32 ns. The encapsulation's
# second byte is 1 for little endian.
_STAMP_LE = struct.Struct("<iI")
_STAMP_BE = struct.Struct(">iI")
_STAMP_END = 12


@dataclass(frozen=True)
class StreamCounts:
    """The ledger of one stream at the end of an episode.

    Attributes:
        expected: messages that the nominal rate makes of the episode's length; unknown without
            a rate and for streams that need not flow all the time.
        received: messages that reached the recorder.
        written: messages in the file.
        dropped_queue: messages received and not in the file.
        lost_transport: messages that never reached the recorder.
        lost_device: images that the camera made and its driver never published; unknown where
            nobody publishes the camera's frame numbers.
        mean_hz: of the stream's own time line; unknown with a single message.
        gaps: intervals longer than 1.5 periods; unknown without a nominal rate.
        max_gap_ms: the longest interval; unknown for a stream without messages or rate.
        out_of_order: messages stamped earlier than the one before.
        duplicate_stamps: messages stamped as the one before.
        delays: what header stamps said against receive times.
    """

    expected: int | Unknown
    received: int | Unknown
    written: int
    dropped_queue: int | Unknown
    lost_transport: int | Unknown
    lost_device: int | Unknown
    mean_hz: float | Unknown
    gaps: int | Unknown
    max_gap_ms: float | Unknown
    out_of_order: int
    duplicate_stamps: int
    delays: DelayCounts

    def as_record(self) -> dict[str, object]:
        """Every count by its key in the manifest."""
        own = {key: value for key, value in vars(self).items() if key != "delays"}
        return own | vars(self.delays)


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
        self.device = FrameLoss()
        self.line = TimeLine(expected_hz)
        self._delay = StampDelay()
        self.first_receive_ns = 0
        self.last_receive_ns = 0

    @property
    def dropped_queue(self) -> int:
        """Messages received and not written."""
        return self.dropped_full + self.dropped_unwritten

    @property
    def continuous(self) -> bool:
        """Whether the stream should flow for the whole episode."""
        return self._continuous

    @property
    def stamp_troubles(self) -> dict[str, int]:
        """Messages with stamps that cannot be right, by what is wrong; empty without a header."""
        if not self._has_header:
            return {}
        return {
            "unstamped": self._delay.unstamped,
            "future": self._delay.future,
            "repeated": self.line.duplicates,
            "out_of_order": self.line.out_of_order,
        }

    def accept(self, receive_ns: int, data: bytes) -> int:
        """Note a message that entered the queue; returns its place on the time line, UTC ns."""
        stamp_ns = 0
        if self._has_header:
            stamp_ns = header_stamp_ns(data)
            self._delay.add(stamp_ns, receive_ns)
        self.line.add(stamp_ns or receive_ns)
        if not self.first_receive_ns:
            self.first_receive_ns = receive_ns
        self.last_receive_ns = receive_ns
        return stamp_ns or receive_ns

    def counts(self, started_ns: int, ended_ns: int) -> StreamCounts:
        """The ledger, once nothing is in flight.

        Args:
            started_ns: begin of the episode, UTC ns.
            ended_ns: its end, UTC ns.
        """
        line = self.line
        gaps, longest_ns = line.with_edges(self._edges_ns(started_ns, ended_ns))
        return StreamCounts(
            expected=self.expected(ended_ns - started_ns),
            received=self.received,
            written=self.written,
            dropped_queue=self.dropped_queue,
            lost_transport=self.transport.lost,
            lost_device=self.device.lost,
            mean_hz=line.mean_hz,
            gaps=gaps,
            max_gap_ms=longest_ns if longest_ns == UNKNOWN else longest_ns / 1e6,
            out_of_order=line.out_of_order,
            duplicate_stamps=line.duplicates,
            delays=self._delay.counts() if self._has_header else DelayCounts(),
        )

    @property
    def late(self) -> int | Unknown:
        """Messages received long after their stamp; unknown for a type without a header."""
        return self._delay.late if self._has_header else UNKNOWN

    def expected(self, duration_ns: int) -> int | Unknown:
        """Messages that the nominal rate makes of so much time (ns)."""
        if self.expected_hz is None or not self._continuous:
            return UNKNOWN
        return round(self.expected_hz * duration_ns / NS_PER_S)

    def _edges_ns(self, started_ns: int, ended_ns: int) -> list[int]:
        """Silence before the first and after the last message."""
        if not self._continuous:
            return []
        if not self.first_receive_ns:
            return [ended_ns - started_ns]
        return [self.first_receive_ns - started_ns, ended_ns - self.last_receive_ns]


def header_stamp_ns(data: bytes) -> int:
    """header.stamp of a CDR message whose first field is a std_msgs/Header; 0 when unset, ns."""
    if len(data) < _STAMP_END:
        return 0
    seconds, nanoseconds = (_STAMP_LE if data[1] & 1 else _STAMP_BE).unpack_from(data, 4)
    return int(seconds) * NS_PER_S + int(nanoseconds)
