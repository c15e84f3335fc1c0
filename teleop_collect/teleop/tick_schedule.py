"""When to tick: at once when the leaders have spoken, and at the nominal rate when they have not.

A loop that ticks on its own clock lets a leader's sample wait for half a period on average. Here
the sample itself is the clock: a leader at the nominal rate sets every tick. The nominal rate is
kept when a leader is slow, silent or gone, because watchdogs and braking need ticks; and a leader
that is faster is not followed beyond `1 / SHORTEST` times that rate.
"""

from teleop_collect.clock import NS_PER_S

SHORTEST = 0.5
"""Share of the nominal period between two ticks at least: a sample that comes early after a late
one is served at once."""

PATIENCE = 1.3
"""Periods for which the next sample is waited for after one that set a tick: more than the jitter
of a leader that reads at the nominal rate."""


class TickSchedule:
    """Decides from the times of past ticks when the next one is due.

    Args:
        rate_hz: nominal rate of ticks.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = round(NS_PER_S / rate_hz)
        self._last_ns: int | None = None
        self._follows = False

    def earliest_ns(self) -> int:
        """Monotonic time before which no sample sets a tick; 0 before the first tick."""
        if self._last_ns is None:
            return 0
        return self._last_ns + round(SHORTEST * self._period_ns)

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
        if by_sample or self._last_ns is None:
            self._last_ns = now_ns
        else:
            # On a grid, so that late wake-ups do not add up to a lower rate.
            late_ns = now_ns - self.latest_ns()
            self._last_ns = now_ns - (late_ns if late_ns < self._period_ns else 0)
        self._follows = by_sample
