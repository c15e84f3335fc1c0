"""The deadman: what the operator must hold while the arm may move."""

from teleop_collect.clock import NS_PER_S
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.watchdog import Doubt


class DeadmanWatch:
    """Whether the deadman is held now.

    Args:
        what: its source, for messages: a topic and button, or a leader joint.
        hold_after_s: age after which silence counts as released.
    """

    def __init__(self, what: str, hold_after_s: float) -> None:
        self._what = what
        self._hold_after_s = hold_after_s
        self._is_held = False
        self._text = ""
        self._receive_ns: int | None = None

    def received(self, is_held: bool, text: str, receive_ns: int) -> None:
        """Note what the source says.

        Args:
            is_held: whether it is held.
            text: its value and threshold, for a person.
            receive_ns: monotonic time of reception, ns.
        """
        self._is_held, self._text, self._receive_ns = is_held, text, receive_ns

    def doubt(self, now_ns: int) -> Doubt | None:
        """Why the arm may not move; None while the deadman is held."""
        bit = int(LimiterBits.DEADMAN)
        if self._receive_ns is None:
            return Doubt(bit, f"nothing has been heard of the deadman ({self._what})")
        age_s = (now_ns - self._receive_ns) / NS_PER_S
        if age_s > self._hold_after_s:
            limit = f"limit {self._hold_after_s:g} s"
            return Doubt(bit, f"deadman ({self._what}) was last heard {age_s:.3f} s ago, {limit}")
        if not self._is_held:
            return Doubt(bit, f"deadman ({self._what}) is not held: {self._text}")
        return None
