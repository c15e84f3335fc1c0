"""Messages lost before they reached the recorder, from the publisher's own numbering.

The middleware numbers what each publisher sends, from 1. A hole in the numbers is a lost message.
Where the publisher of a message is not known, two publishers (or one that was restarted) interleave
their numbers: as soon as a number does not rise, the loss of that stream is unknown for good.

Counting begins at the last number from before the episode, so what is lost between that message and
the episode's first one is counted, too. It may have been sent before the start: the numbers do not
say when.
"""

from collections.abc import Mapping
from typing import Literal

Unknown = Literal["unknown"]
UNKNOWN: Unknown = "unknown"


class TransportLoss:
    """Counts holes in publication sequence numbers of one stream."""

    def __init__(self) -> None:
        self._last: dict[bytes | None, int] = {}
        self._lost = 0
        self._observable = True
        self._begun = False

    @property
    def lost(self) -> int | Unknown:
        """Messages lost up to the last received; unknown before the first."""
        return self._lost if self._observable and self._begun else UNKNOWN

    @property
    def last_numbers(self) -> dict[bytes | None, int]:
        """Each publisher's last number; empty when numbers cannot be told apart."""
        return dict(self._last) if self._observable else {}

    def begin_after(self, last: Mapping[bytes | None, int]) -> None:
        """Note each publisher's number of the last message from before the episode."""
        self._last.update(last)

    def observe(self, sequence: int | None, publisher: bytes | None) -> None:
        """Note one received message.

        Args:
            sequence: the publisher's number of this message; None when the middleware has none.
            publisher: identity of the publisher; None when the middleware does not tell.
        """
        if sequence is None:
            self._observable = False
            return
        last = self._last.get(publisher)
        if last is not None:
            step = sequence - last - 1
            if step >= 0:
                self._lost += step
            elif self._begun:
                self._observable = False
            # Else the publisher was restarted before the episode, or a latched message repeats.
        self._last[publisher] = sequence
        self._begun = True

    def mark_unobservable(self) -> None:
        """The numbers cannot be told apart, for example because there are two publishers."""
        self._observable = False
