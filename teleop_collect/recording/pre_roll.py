"""Messages from before an episode: the last seconds of them, and each publisher's last number.

Bounded by time and by bytes. Without a pre-roll only the numbers are kept. While an episode's file
is being prepared, everything since its start is kept, too, so the episode begins where the operator
began it and not when the disk was ready.
"""

from collections import Counter, deque
from typing import NamedTuple

PublisherNumbers = dict[bytes | None, int]


class Offered(NamedTuple):
    """One message as it was offered to the recorder.

    Attributes:
        number: of the stream.
        data: CDR bytes.
        receive_ns: UTC ns.
        source_ns: when the publisher sent it, UTC ns; None when unknown.
        publication_sequence: the publisher's count, or None.
        publisher: its identity, or None.
    """

    number: int
    data: bytes
    receive_ns: int
    source_ns: int | None
    publication_sequence: int | None
    publisher: bytes | None


class PreRoll:
    """What has been received since the last episode, forgetting from the old end.

    Args:
        window_ns: how long messages are kept.
        limit_bytes: payload bytes that are kept at most.
    """

    def __init__(self, window_ns: int, limit_bytes: int) -> None:
        self._window_ns = window_ns
        self._limit_bytes = limit_bytes
        self._messages: deque[Offered] = deque()
        self._bytes = 0
        self._held_ns: int | None = None
        self.last_numbers: dict[int, PublisherNumbers] = {}
        """Each publisher's last number before the messages kept, by stream number."""
        self.missed: Counter[int] = Counter()
        """Messages since the start of an episode that did not fit, by stream number."""

    def hold(self, now_ns: int) -> int:
        """Keep everything from the start of an episode on; returns that start (UTC ns).

        Args:
            now_ns: when the operator began; with a pre-roll the start lies before it.
        """
        while self._messages and self._messages[0].receive_ns < now_ns - self._window_ns:
            self._forget()
        oldest_ns = min((m.receive_ns for m in self._messages), default=now_ns)
        self._held_ns = min(oldest_ns, now_ns)
        self.missed.clear()
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
        self._messages.append(message)
        self._bytes += len(message.data)
        if self._held_ns is None:
            oldest_ns = message.receive_ns - self._window_ns
            while self._messages[0].receive_ns < oldest_ns:
                self._forget()
        while self._bytes > self._limit_bytes:
            self._forget()

    def _forget(self) -> None:
        message = self._messages.popleft()
        self._bytes -= len(message.data)
        if self._held_ns is not None and message.receive_ns >= self._held_ns:
            self.missed[message.number] += 1
        self._note_number(message)

    def _note_number(self, message: Offered) -> None:
        numbers = self.last_numbers.setdefault(message.number, {})
        if message.publication_sequence is None:
            numbers.clear()
        else:
            numbers[message.publisher] = message.publication_sequence
