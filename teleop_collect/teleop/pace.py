"""How long one step may last: the time since the last tick, bounded."""

from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S

MAX_PERIODS = 4
"""A step lasts at most this many nominal periods, so a pause never becomes one large step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One tick's share of time.

    Attributes:
        dt_s: time that commands may move in, s.
        pause_s: time beyond it in which nothing was commanded, s.
        backwards_s: how far the loop's clock went back, s.
    """

    dt_s: float
    pause_s: float = 0.0
    backwards_s: float = 0.0

    @property
    def elapsed_s(self) -> float:
        """All of the time since the last tick, s."""
        return self.dt_s + self.pause_s


class Pace:
    """Steps between ticks.

    Args:
        rate_hz: nominal rate of the ticks.
    """

    def __init__(self, rate_hz: float) -> None:
        self.max_dt_s = MAX_PERIODS / rate_hz
        self._latest_ns: int | None = None

    def step(self, now_ns: int) -> Step:
        """The step that ends at monotonic time `now_ns`; of length 0 at the first tick."""
        latest_ns = self._latest_ns
        if latest_ns is None:
            self._latest_ns = now_ns
            return Step(0.0)
        elapsed_s = (now_ns - latest_ns) / NS_PER_S
        if elapsed_s < 0.0:
            return Step(0.0, backwards_s=-elapsed_s)
        self._latest_ns = now_ns
        dt_s = min(elapsed_s, self.max_dt_s)
        return Step(dt_s, pause_s=elapsed_s - dt_s)
