"""Whether one input can be believed now, judged by its times alone.

An input is as old as the larger of two ages: since it was received (monotonic clock) and since it
was measured (its stamp, UTC). MoveIt Servo likewise discards commands by the age of their stamp,
after 0.1 s.
"""

from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S
from teleop_collect.rig.config import Watchdog
from teleop_collect.teleop.limiter_bits import LimiterBits

FUTURE_TOLERANCE_NS = 50_000_000
"""A stamp this far ahead of the clock is wrong; less is jitter between clocks."""


@dataclass(frozen=True)
class Doubt:
    """Why an input cannot be believed.

    Attributes:
        bits: `LimiterBits` as an integer.
        reason: which input, which value, which limit.
    """

    bits: int
    reason: str


def merged(doubts: list[Doubt]) -> Doubt | None:
    """All doubts as one; None without any."""
    if len(doubts) < 2:
        return doubts[0] if doubts else None
    bits = 0
    for doubt in doubts:
        bits |= doubt.bits
    return Doubt(bits, "; ".join(doubt.reason for doubt in doubts))


class InputWatch:
    """Times of one input.

    Args:
        name: "leader" or "follower", for messages.
        stale_bit: set when the input is too old.
        watchdog: ages after which to hold and to fault.
    """

    def __init__(self, name: str, stale_bit: LimiterBits, watchdog: Watchdog) -> None:
        self._name = name
        self._stale_bit = int(stale_bit)
        self._hold_after_s = watchdog.hold_after_s
        self._fault_after_s = watchdog.fault_after_s
        self._stamp_ns: int | None = None
        self._receive_ns = 0
        self._disorder: str | None = None
        self._unseen_disorder: str | None = None
        self._believed_ns: int | None = None

    def received(self, stamp_ns: int, receive_ns: int) -> bool:
        """Note a new sample.

        Args:
            stamp_ns: UTC time of measurement, ns.
            receive_ns: monotonic time of reception, ns.

        Returns:
            Whether the sample is new; one with the stamp of the last is not and refreshes nothing.
        """
        if stamp_ns == self._stamp_ns:
            return False
        self._disorder = self._order_problem(stamp_ns, receive_ns)
        self._unseen_disorder = self._disorder or self._unseen_disorder
        self._stamp_ns = stamp_ns
        self._receive_ns = receive_ns
        return True

    def age_s(self, now_ns: int, utc_ns: int) -> float | None:
        """The larger of both ages, s, at least 0; None before the first sample."""
        if self._stamp_ns is None:
            return None
        return max(now_ns - self._receive_ns, utc_ns - self._stamp_ns, 0) / NS_PER_S

    def doubt(self, now_ns: int, utc_ns: int) -> Doubt | None:
        """Why the times of this input are wrong, age before order; None when they are right.

        A sample out of order counts until the next one in order, and for one call at least.
        """
        disorder = self._disorder or self._unseen_disorder or self._from_future(now_ns, utc_ns)
        self._unseen_disorder = None
        found = [] if disorder is None else [Doubt(int(LimiterBits.TIME_ORDER), disorder)]
        age_s = self.age_s(now_ns, utc_ns)
        if age_s is None:
            return Doubt(self._stale_bit, f"no {self._name} sample has arrived")
        if age_s > self._hold_after_s:
            found.insert(0, Doubt(self._stale_bit, self._stale(age_s, now_ns)))
        return merged(found)

    def believe(self) -> None:
        """Note that the newest sample was found good in every respect."""
        self._believed_ns = self._receive_ns

    def is_dead(self, now_ns: int, utc_ns: int) -> bool:
        """Whether nothing could be believed for longer than the fault time."""
        age_s = self.age_s(now_ns, utc_ns)
        if age_s is not None and age_s > self._fault_after_s:
            return True
        if self._believed_ns is None:
            return False
        return (now_ns - self._believed_ns) / NS_PER_S > self._fault_after_s

    def _stale(self, age_s: float, now_ns: int) -> str:
        since_s = (now_ns - self._receive_ns) / NS_PER_S
        return (
            f"{self._name} sample is {age_s:.3f} s old (received {since_s:.3f} s ago), "
            f"limit {self._hold_after_s:g} s"
        )

    def _order_problem(self, stamp_ns: int, receive_ns: int) -> str | None:
        if self._stamp_ns is None:
            return None
        back_ns = max(self._stamp_ns - stamp_ns, self._receive_ns - receive_ns)
        if back_ns <= 0:
            return None
        return f"{self._name} time went backwards by {back_ns / NS_PER_S:.6f} s"

    def _from_future(self, now_ns: int, utc_ns: int) -> str | None:
        if self._stamp_ns is None:
            return None
        ahead_ns = max(self._stamp_ns - utc_ns, self._receive_ns - now_ns)
        if ahead_ns <= FUTURE_TOLERANCE_NS:
            return None
        return (
            f"{self._name} time is {ahead_ns / NS_PER_S:.3f} s in the future, "
            f"limit {FUTURE_TOLERANCE_NS / NS_PER_S:g} s; synchronise the clocks"
        )
