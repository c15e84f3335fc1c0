"""The deadman: what the operator must hold while the arm may move."""

from teleop_collect.rig.config import Watchdog
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.watchdog import Doubt, InputWatch


class DeadmanWatch:
    """Whether the deadman is held now.

    Silence counts as released, by reception and by stamp, as with every other input.

    Args:
        what: its source, for messages: a topic and button, or a leader joint.
        watchdog: age after which it counts as released.
    """

    def __init__(self, what: str, watchdog: Watchdog) -> None:
        self._what = what
        self._watch = InputWatch(f"deadman ({what})", LimiterBits.DEADMAN, watchdog)
        self._is_held = False
        self._text = ""

    def received(self, is_held: bool, text: str, stamp_ns: int, receive_ns: int) -> None:
        """Note what the source says.

        Args:
            is_held: whether it is held.
            text: its value and threshold, for a person.
            stamp_ns: UTC time of the message, ns.
            receive_ns: monotonic time of reception, ns.
        """
        is_new = self._watch.received(stamp_ns, receive_ns)
        # A message sent again refreshes nothing, but a release is believed whatever its stamp.
        if is_new or not is_held:
            self._is_held, self._text = is_held, text

    def doubt(self, now_ns: int, utc_ns: int) -> Doubt | None:
        """Why the arm may not move; None while the deadman is held."""
        doubt = self._watch.doubt(now_ns, utc_ns)
        if doubt is not None:
            return Doubt(doubt.bits | int(LimiterBits.DEADMAN), doubt.reason)
        if not self._is_held:
            text = f"deadman ({self._what}) is not held: {self._text}"
            return Doubt(int(LimiterBits.DEADMAN), text)
        return None
