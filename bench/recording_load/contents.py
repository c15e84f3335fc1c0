"""What a recorded file holds of a load: which numbers, and whether each byte is as published."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mcap.reader import make_reader

from .streams import NumberedStream, number_of


@dataclass
class StreamContents:
    """What a file holds of one stream.

    Attributes:
        numbers: of its messages, in file order.
        corrupted: messages whose bytes are not those that were sent.
        foreign: messages that have no number: somebody else's, or damaged in the number.
        bytes: payload of all its messages.
    """

    numbers: list[int] = field(default_factory=list)
    corrupted: int = 0
    foreign: int = 0
    bytes: int = 0

    @property
    def last(self) -> int | None:
        """The highest number; None when there is no message."""
        return max(self.numbers, default=None)

    @property
    def duplicates(self) -> int:
        """Messages that stand in the file more than once."""
        return len(self.numbers) - len(set(self.numbers))

    @property
    def holes(self) -> int:
        """Numbers missing between the first and the last."""
        held = set(self.numbers)
        return max(held) - min(held) + 1 - len(held) if held else 0

    def missing(self, sent: int) -> int:
        """How many of the messages 0 .. sent - 1 are not there."""
        return sent - len({n for n in self.numbers if 0 <= n < sent})

    def observe(self, stream: NumberedStream, data: bytes, base_ns: int) -> None:
        """Add one message of the file."""
        number = number_of(data)
        if number < 0:
            self.foreign += 1
            return
        self.numbers.append(number)
        self.bytes += len(data)
        if data != stream.message(number, base_ns):
            self.corrupted += 1


def read_mcap(path: Path) -> Iterator[tuple[str, bytes]]:
    """Topic and payload of each message in file order, checksums verified."""
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        for _, channel, message in reader.iter_messages(log_time_order=False):
            yield channel.topic, message.data


def contents_of(
    messages: Iterator[tuple[str, bytes]], streams: tuple[NumberedStream, ...], base_ns: int
) -> dict[str, StreamContents]:
    """Compare every message of a load with what was sent.

    Args:
        messages: topic (absolute or not) and payload.
        streams: the load.
        base_ns: when the publisher began, UTC.

    Returns:
        By relative topic; messages of other topics are passed over.
    """
    known = {stream.topic: stream for stream in streams}
    found = {topic: StreamContents() for topic in known}
    for topic, data in messages:
        name = topic.lstrip("/")
        if name in known:
            found[name].observe(known[name], data, base_ns)
    return found
