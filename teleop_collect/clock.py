"""Time: the two system clocks, one UTC time line that cannot step, and paced loops.

Monotonic time paces loops and measures ages. UTC stamps what leaves the process. Both are integer
nanoseconds. A clock is passed in wherever time matters, so tests drive it by hand.
"""

import time
from dataclasses import dataclass
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """What a loop needs of time."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never steps."""
        ...

    def utc_ns(self) -> int:
        """Nanoseconds since the Unix epoch; may step when the system clock is set."""
        ...

    def sleep_until_ns(self, monotonic_ns: int) -> None:
        """Return when `monotonic_ns()` has reached the argument."""
        ...


class SystemClock:
    """The operating system's clocks."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def utc_ns(self) -> int:
        return time.time_ns()

    def sleep_until_ns(self, monotonic_ns: int) -> None:
        while (left_ns := monotonic_ns - time.monotonic_ns()) > 0:
            time.sleep(left_ns / NS_PER_S)


class FakeClock:
    """A clock that moves only when told, or when somebody sleeps on it."""

    def __init__(self, utc_ns: int = 1_700_000_000 * NS_PER_S) -> None:
        self._now_ns = 0
        self._utc_minus_monotonic_ns = utc_ns

    def monotonic_ns(self) -> int:
        return self._now_ns

    def utc_ns(self) -> int:
        return self._now_ns + self._utc_minus_monotonic_ns

    def sleep_until_ns(self, monotonic_ns: int) -> None:
        self._now_ns = max(self._now_ns, monotonic_ns)

    def advance_ns(self, delta_ns: int) -> None:
        """Let `delta_ns` pass."""
        self._now_ns += delta_ns

    def step_utc_ns(self, delta_ns: int) -> None:
        """Set the wall clock `delta_ns` ahead (or back), as NTP does."""
        self._utc_minus_monotonic_ns += delta_ns


CLOSE_NS = 20_000
"""Two readings within this time belong to one moment; several times what three calls take."""
READINGS = 3


def both_ns(clock: Clock) -> tuple[int, int]:
    """Monotonic and UTC time of one moment, ns.

    A thread that loses the processor between two readings would see one clock jump against the
    other; such a reading is taken again, and the closest of a few counts.
    """
    closest: tuple[int, int, int] | None = None
    for _ in range(READINGS):
        monotonic_ns, utc_ns = clock.monotonic_ns(), clock.utc_ns()
        took_ns = clock.monotonic_ns() - monotonic_ns
        if closest is None or took_ns < closest[0]:
            closest = (took_ns, monotonic_ns, utc_ns)
        if took_ns <= CLOSE_NS:
            break
    assert closest is not None
    return closest[1:]


@dataclass(frozen=True)
class UtcAnchor:
    """UTC on the monotonic clock: the offset is read once, so later clock steps cannot reorder.

    Attributes:
        utc_minus_monotonic_ns: UTC minus monotonic time at the moment of anchoring, ns.
    """

    utc_minus_monotonic_ns: int

    @classmethod
    def now(cls, clock: Clock) -> "UtcAnchor":
        """Read both clocks close together."""
        monotonic_ns, utc_ns = both_ns(clock)
        return cls(utc_ns - monotonic_ns)

    def utc_ns(self, monotonic_ns: int) -> int:
        """The anchored UTC time of a monotonic time, ns."""
        return monotonic_ns + self.utc_minus_monotonic_ns

    def step_ns(self, clock: Clock) -> int:
        """How far the wall clock has moved against the anchor since anchoring, ns."""
        monotonic_ns, utc_ns = both_ns(clock)
        return utc_ns - monotonic_ns - self.utc_minus_monotonic_ns


class PacedLoop:
    """Keeps a loop at a fixed rate on absolute deadlines.

    A loop that falls more than `max_lag_periods` behind skips the missed ticks (and counts them)
    instead of running them in a burst.
    """

    def __init__(self, rate_hz: float, clock: Clock, max_lag_periods: int = 4) -> None:
        self.period_ns = round(NS_PER_S / rate_hz)
        self.skipped = 0
        self._clock = clock
        self._max_lag_ns = max_lag_periods * self.period_ns
        self._next_ns = clock.monotonic_ns()

    def wait(self, ticks: int = 1) -> int:
        """Sleep until the next tick is due.

        Args:
            ticks: how many ahead; those between are left out by intent and not counted.

        Returns:
            The monotonic time at wake-up, ns.
        """
        self._next_ns += ticks * self.period_ns
        lag_ns = self._clock.monotonic_ns() - self._next_ns
        if lag_ns > self._max_lag_ns:
            missed = lag_ns // self.period_ns
            self.skipped += missed
            self._next_ns += missed * self.period_ns
        self._clock.sleep_until_ns(self._next_ns)
        return self._clock.monotonic_ns()
