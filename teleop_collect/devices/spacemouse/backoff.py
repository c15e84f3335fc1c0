"""How often a lost device is looked for."""

from teleop_collect.clock import NS_PER_S, Clock

FIRST_S = 0.05
LONGEST_S = 0.4
"""A device that is plugged in again is found within this time, well below one second."""


class Backoff:
    """Doubles the pause between attempts, from `FIRST_S` to `LONGEST_S`.

    Args:
        clock: source of monotonic time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pause_s = FIRST_S
        self._not_before_ns = 0

    @property
    def is_due(self) -> bool:
        """Whether the next attempt may be made now."""
        return self._clock.monotonic_ns() >= self._not_before_ns

    def failed(self) -> None:
        """Note that an attempt failed now."""
        self._not_before_ns = self._clock.monotonic_ns() + round(self._pause_s * NS_PER_S)
        self._pause_s = min(2.0 * self._pause_s, LONGEST_S)

    def succeeded(self) -> None:
        """Start again from the shortest pause."""
        self._pause_s = FIRST_S
        self._not_before_ns = 0
