"""Header stamps against receive times: late, future and missing stamps; a device clock's drift.

The delay of a message is its receive time minus its stamp. Queues only ever add to it, so the
smallest delay of each window follows the clock that stamps, seen through the fastest way here: its
least-squares line over the windows gives offset and drift (the minimum filter of NTP, RFC 5905
section 10, in its simplest form). An offset contains the smallest transport delay; it cannot be
told apart from one side.
"""

from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S
from teleop_collect.recording.transport_loss import UNKNOWN, Unknown

LATE_NS = 100_000_000
"""A message that arrives this long after it was stamped is late: older than what lets the arm move
(`teleop.watchdog.hold_after_s` defaults to the same)."""
FUTURE_NS = 5_000_000
"""A stamp this far ahead of its arrival cannot be a measurement time on this clock."""
WINDOW_NS = NS_PER_S
MIN_WINDOWS = 5


@dataclass(frozen=True)
class DelayCounts:
    """What stamps said; all "unknown" for a type without a header.

    Attributes:
        late: messages received more than 100 ms after their stamp.
        future_stamps: messages stamped more than 5 ms after they were received.
        unstamped: messages whose stamp is zero.
        clock_offset_ms: receive clock minus stamping clock at the first message, with the least
            transport delay in it.
        clock_drift_ppm: how fast that grows; needs at least five seconds.
    """

    late: int | Unknown = UNKNOWN
    future_stamps: int | Unknown = UNKNOWN
    unstamped: int | Unknown = UNKNOWN
    clock_offset_ms: float | Unknown = UNKNOWN
    clock_drift_ppm: float | Unknown = UNKNOWN


class StampDelay:
    """Measures one stream of stamped messages, in constant memory."""

    def __init__(self) -> None:
        self.late = 0
        self.future = 0
        self.unstamped = 0
        self._first_ns = 0
        self._window_end_ns = 0
        self._least_ns = 0
        self._seen = False
        # Sums over windows of time (s since the first message) and least delay (s).
        self._n = 0
        self._sum_t = self._sum_d = self._sum_tt = self._sum_td = 0.0

    def add(self, stamp_ns: int, receive_ns: int) -> None:
        """Note one message; a stamp of 0 is none."""
        if not stamp_ns:
            self.unstamped += 1
            return
        delay_ns = receive_ns - stamp_ns
        if delay_ns > LATE_NS:
            self.late += 1
        elif delay_ns < -FUTURE_NS:
            self.future += 1
        if not self._seen:
            self._seen = True
            self._first_ns = receive_ns
            self._open_window(receive_ns, delay_ns)
        elif receive_ns >= self._window_end_ns:
            self._close_window()
            self._open_window(receive_ns, delay_ns)
        elif delay_ns < self._least_ns:
            self._least_ns = delay_ns

    def _open_window(self, receive_ns: int, delay_ns: int) -> None:
        self._window_end_ns = receive_ns + WINDOW_NS
        self._least_ns = delay_ns

    def _close_window(self) -> None:
        middle_ns = self._window_end_ns - WINDOW_NS // 2
        t, d = (middle_ns - self._first_ns) / NS_PER_S, self._least_ns / NS_PER_S
        self._n += 1
        self._sum_t += t
        self._sum_d += d
        self._sum_tt += t * t
        self._sum_td += t * d

    def counts(self) -> DelayCounts:
        """What was seen so far."""
        return DelayCounts(self.late, self.future, self.unstamped, *self._clock())

    def _clock(self) -> tuple[float | Unknown, float | Unknown]:
        """Offset (ms) and drift (ppm) of the stamping clock."""
        if not self._seen:
            return UNKNOWN, UNKNOWN
        if self._n < MIN_WINDOWS:
            least_ns = self._least_ns / NS_PER_S if not self._n else self._sum_d / self._n
            return least_ns * 1e3, UNKNOWN
        spread = self._n * self._sum_tt - self._sum_t**2
        slope = (self._n * self._sum_td - self._sum_t * self._sum_d) / spread
        return (self._sum_d - slope * self._sum_t) / self._n * 1e3, slope * 1e6
