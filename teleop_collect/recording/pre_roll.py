"""Messages from before an episode: the last seconds of them, and each publisher's last number.

Bounded by time and by bytes. Without a pre-roll only the numbers are kept. While an episode's file
is being prepared, everything since its start is kept, too, so the episode begins where the operator
began it and not when the disk was ready; streams are then given up as the queue would.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from teleop_collect.recording.queue import MESSAGE_BYTES

PublisherNumbers = dict[bytes | None, int]


class Offered(NamedTuple):
    """One message as it was offered to the recorder.

    Attributes:
        number: of the stream.
        data: CDR bytes; None when there was no room for them.
        receive_ns: UTC ns.
        source_ns: when the publisher sent it, UTC ns; None when unknown.
        publication_sequence: the publisher's count, or None.
        publisher: its identity, or None.
    """

    number: int
    data: bytes | None
    receive_ns: int
    source_ns: int | None
    publication_sequence: int | None
    publisher: bytes | None


class PreRoll:
    """What has been received since the last episode, forgetting from the old end.

    Args:
        window_ns: how long messages are kept.
        window_bytes: bytes of them that are kept at most, with what Python needs for each.
        held_bytes: bytes up to which each stream may add to them while an episode's file is being
            prepared, by stream number.
    """

    def __init__(self, window_ns: int, window_bytes: int, held_bytes: Sequence[int]) -> None:
        self._window_ns = window_ns
        self._window_bytes = window_bytes
        self._held_bytes = held_bytes
        self._messages: deque[Offered] = deque()
        self._bytes = 0
        self._held_ns: int | None = None
        self.last_numbers: dict[int, PublisherNumbers] = {}
        """Each publisher's last number before the messages kept, by stream number."""

    def hold(self, now_ns: int) -> int:
        """Keep everything from the start of an episode on; returns that start (UTC ns).

        Args:
            now_ns: when the operator began; with a pre-roll the start lies before it.
        """
        while self._messages and self._messages[0].receive_ns < now_ns - self._window_ns:
            self._forget()
        oldest_ns = min((m.receive_ns for m in self._messages), default=now_ns)
        self._held_ns = min(oldest_ns, now_ns)
        return self._held_ns

    def let_go(self) -> None:
        """The episode did not come about."""
        self._held_ns = None

    def take(self) -> deque[Offered]:
        """The messages kept, oldest first; they and the numbers are forgotten."""
        messages, self._messages = self._messages, deque()
        self._bytes = 0
        self._held_ns = None
        return messages

    def add(self, message: Offered) -> None:
        """Note a message that no episode takes."""
        if self._held_ns is None and not self._window_ns:
            self._note_number(message)
            return
        size = _size_of(message)
        if self._held_ns is not None and self._bytes + size > self._held_bytes[message.number]:
            message = message._replace(data=None)
            size = MESSAGE_BYTES
        self._messages.append(message)
        self._bytes += size
        if self._held_ns is None:
            oldest_ns = message.receive_ns - self._window_ns
            while self._messages[0].receive_ns < oldest_ns:
                self._forget()
            while self._bytes > self._window_bytes:
                self._forget()

    def _forget(self) -> None:
        message = self._messages.popleft()
        self._bytes -= _size_of(message)
        self._note_number(message)

    def _note_number(self, message: Offered) -> None:
        numbers = self.last_numbers.setdefault(message.number, {})
        if message.publication_sequence is None:
            numbers.clear()
        else:
            numbers[message.publisher] = message.publication_sequence


def _size_of(message: Offered) -> int:
    return MESSAGE_BYTES + (0 if message.data is None else len(message.data))
