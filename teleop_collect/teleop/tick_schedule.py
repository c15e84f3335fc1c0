"""When to tick: at once when the leaders have spoken, and never off the nominal rate for long.

A loop that ticks on its own clock lets a leader's sample wait for half a period on average. Here
the sample itself is the clock: a leader at the nominal rate sets every tick, a late sample as well
as the one that comes soon after it. What comes besides is bounded: a leader that is faster adds at
most `1 / SHORTEST - 1` of the ticks; and where a sample is missing, a tick comes without it,
because watchdogs and braking need ticks.
"""

from teleop_collect.clock import NS_PER_S

SHORTEST = 0.98
"""Periods between ticks on average, at least."""

BURST = 1.0
"""Periods by which ticks may run ahead of that average: as much as a late sample had left free."""

PATIENCE = 1.8
"""Periods for which a leader that speaks at the nominal rate is waited for. A sample that is late
by less sets its tick; with less patience it would set a second one soon after."""

STEADY = 1.5
"""Periods between two samples up to which a leader counts as one that sets every tick."""


class TickSchedule:
    """Decides from the times of past ticks when the next one is due.

    Args:
        rate_hz: nominal rate of ticks.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = round(NS_PER_S / rate_hz)
        self._last_ns: int | None = None
        self._sample_ns: int | None = None
        self._average_ns = 0
        self._follows = False

    def earliest_ns(self) -> int:
        """Monotonic time before which no sample sets a tick; 0 before the first tick."""
        if self._last_ns is None:
            return 0
        return self._average_ns - round(BURST * self._period_ns)

    def latest_ns(self) -> int:
        """Monotonic time at which a tick is due without any sample; 0 before the first tick."""
        if self._last_ns is None:
            return 0
        periods = PATIENCE if self._follows else 1.0
        return self._last_ns + round(periods * self._period_ns)

    def ticked(self, now_ns: int, *, by_sample: bool) -> None:
        """Note a tick.

        Args:
            now_ns: monotonic time of the tick.
            by_sample: whether samples of all leaders had arrived.
        """
        # Ticks without samples keep to a grid, so that late wake-ups do not add up.
        late_ns = 0 if by_sample or self._last_ns is None else now_ns - self.latest_ns()
        self._last_ns = now_ns - (late_ns if late_ns < self._period_ns else 0)
        self._average_ns = max(self._average_ns, now_ns) + round(SHORTEST * self._period_ns)
        if by_sample:
            before_ns, self._sample_ns = self._sample_ns, now_ns
            self._follows = before_ns is not None and now_ns - before_ns < STEADY * self._period_ns
        else:
            self._follows = False
