"""When to tick: at once when the leaders have spoken, and never off the nominal rate.

A loop that ticks on its own clock lets a leader's sample wait for half a period on average. Here
a sample sets its tick, within a window around the times of a nominal grid, and the grid follows
the phase of the samples slowly: a leader at the nominal rate sets every tick as its sample comes.
A late sample takes no tick of its own besides the one that had to come without it, a fast leader
adds none, and a silent one costs none, because watchdogs and braking need ticks.
"""

from teleop_collect.clock import NS_PER_S

WINDOW = 0.25
"""Periods around a grid time in which a sample sets the tick; beyond it the tick comes without."""

FOLLOWING = 0.02
"""Share of a sample's offset by which the grid moves: it finds the phase within a second, and a
leader that is too fast or too slow changes the rate by at most WINDOW * FOLLOWING (0.5 %)."""

UNLOCKED_TICKS = 10
"""Ticks without a sample after which the next sample sets the grid's phase at once."""


class TickSchedule:
    """Decides from the times of past ticks when the next one is due.

    Args:
        rate_hz: nominal rate of ticks.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = round(NS_PER_S / rate_hz)
        self._window_ns = round(WINDOW * self._period_ns)
        self._due_ns = 0
        self._without_sample = UNLOCKED_TICKS

    def earliest_ns(self) -> int:
        """Monotonic time before which no sample sets a tick; 0 before the first tick."""
        if self._without_sample >= UNLOCKED_TICKS:
            return max(self._due_ns - self._period_ns + self._window_ns, 0)
        return self._due_ns - self._window_ns

    def latest_ns(self) -> int:
        """Monotonic time at which a tick is due without any sample; 0 before the first tick."""
        if self._without_sample >= UNLOCKED_TICKS:
            return self._due_ns
        return self._due_ns + self._window_ns

    def ticked(self, now_ns: int, *, by_sample: bool) -> None:
        """Note a tick.

        Args:
            now_ns: monotonic time of the tick.
            by_sample: whether samples of all leaders had arrived.
        """
        locked = self._without_sample < UNLOCKED_TICKS
        offset_ns = now_ns - self._due_ns
        if (by_sample and not locked) or abs(offset_ns) >= self._period_ns:
            self._due_ns = now_ns
        elif by_sample:
            within_ns = max(-self._window_ns, min(self._window_ns, offset_ns))
            self._due_ns += round(FOLLOWING * within_ns)
        self._due_ns += self._period_ns
        self._without_sample = 0 if by_sample else self._without_sample + 1
