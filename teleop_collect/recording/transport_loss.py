"""Messages lost before they reached the recorder, from the publisher's own numbering.

The middleware numbers what each publisher sends, from 1. A hole in the numbers is a lost message.
Where the publisher of a message is not known, two publishers (or one that was restarted) interleave
their numbers: as soon as a number does not rise, the loss of that stream is unknown for good.
"""

from typing import Literal

Unknown = Literal["unknown"]
UNKNOWN: Unknown = "unknown"


class TransportLoss:
    """Counts holes in publication sequence numbers of one stream."""

    def __init__(self) -> None:
        self._last: dict[bytes | None, int] = {}
        self._lost = 0
        self._observable = True

    @property
    def lost(self) -> int | Unknown:
        """Messages lost between the first and the last received; unknown before the first."""
        return self._lost if self._observable and self._last else UNKNOWN

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
            if step < 0:
                self._observable = False
            else:
                self._lost += step
        self._last[publisher] = sequence

    def mark_unobservable(self) -> None:
        """The numbers cannot be told apart, for example because there are two publishers."""
        self._observable = False
