"""Regularity of a series of stamps, kept up to date message by message in constant memory.

A gap is an interval longer than 1.5 nominal periods. Intervals that run backwards are counted, not
measured: the newest stamp so far is what the next one is compared with.
"""

from teleop_collect.clock import NS_PER_S
from teleop_collect.recording.transport_loss import UNKNOWN, Unknown
from teleop_collect.topics import RECORDER_STALL_S

GAP_PERIODS = 1.5
# Delivery in bursts may leave this much silence before the first and after the last message.
EDGE_SLACK_NS = int(RECORDER_STALL_S * NS_PER_S)


class TimeLine:
    """Stamps of one stream in order of arrival.

    Args:
        expected_hz: nominal rate, or None: gaps are then unknown.
    """

    def __init__(self, expected_hz: float | None) -> None:
        self.count = 0
        self.gaps = 0
        self.longest_ns = 0
        self.out_of_order = 0
        self.duplicates = 0
        self._oldest_ns = 0
        self._newest_ns = 0
        self._previous_ns = 0
        self.period_ns = NS_PER_S / expected_hz if expected_hz else None
        self._allowed_ns = GAP_PERIODS * self.period_ns if self.period_ns else float("inf")

    def add(self, stamp_ns: int) -> None:
        """Note the stamp of the next message."""
        if not self.count:
            self._oldest_ns = self._newest_ns = stamp_ns
        elif stamp_ns < self._previous_ns:
            self.out_of_order += 1
        elif stamp_ns == self._previous_ns:
            self.duplicates += 1
        self.count += 1
        self._previous_ns = stamp_ns
        if stamp_ns > self._newest_ns:
            interval_ns = stamp_ns - self._newest_ns
            self._newest_ns = stamp_ns
            if interval_ns > self.longest_ns:
                self.longest_ns = interval_ns
            if interval_ns > self._allowed_ns:
                self.gaps += 1
        elif stamp_ns < self._oldest_ns:
            self._oldest_ns = stamp_ns

    @property
    def mean_hz(self) -> float | Unknown:
        """Messages per second between oldest and newest stamp; unknown with a single message."""
        if not self.count:
            return 0.0
        span_ns = self._newest_ns - self._oldest_ns
        return (self.count - 1) * NS_PER_S / span_ns if span_ns else UNKNOWN

    def with_edges(self, edges_ns: list[int]) -> tuple[int | Unknown, int | Unknown]:
        """Gaps and longest interval (ns), with the silences at the ends of the episode."""
        if self.period_ns is None:
            return UNKNOWN, self.longest_ns if self.count > 1 else UNKNOWN
        allowed_ns = max(GAP_PERIODS * self.period_ns, EDGE_SLACK_NS)
        silent_ns = [edge_ns for edge_ns in edges_ns if edge_ns > allowed_ns]
        return self.gaps + len(silent_ns), max([self.longest_ns, *silent_ns])
