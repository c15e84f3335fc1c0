"""What a recorded file holds of a load: which numbers, and whether each byte is as published."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Channel, Message
from mcap.stream_reader import StreamReader

from .streams import NumberedStream, number_of


class Recorded(NamedTuple):
    """One message of a file.

    Attributes:
        topic: absolute or not.
        data: CDR bytes.
        sequence: the publisher's number (from 1) in the file; None where the file keeps none.
    """

    topic: str
    data: bytes
    sequence: int | None = None


@dataclass
class StreamContents:
    """What a file holds of one stream.

    Attributes:
        numbers: of its messages, in file order.
        corrupted: messages whose bytes are not those that were sent.
        foreign: messages that have no number: somebody else's, or damaged in the number.
        misnumbered: messages that the file gives another number than their publisher did.
        bytes: payload of all its messages.
    """

    numbers: list[int] = field(default_factory=list)
    corrupted: int = 0
    foreign: int = 0
    misnumbered: int = 0
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

    def observe(self, stream: NumberedStream, message: Recorded, base_ns: int) -> None:
        """Add one message of the file."""
        data = message.data
        number = number_of(data)
        if number < 0:
            self.foreign += 1
            return
        self.numbers.append(number)
        self.bytes += len(data)
        if data != stream.message(number, base_ns):
            self.corrupted += 1
        if message.sequence not in (None, number + 1):
            self.misnumbered += 1


def read_mcap(path: Path) -> Iterator[Recorded]:
    """Each message of a finished file in file order, checksums verified."""
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        for _, channel, message in reader.iter_messages(log_time_order=False):
            yield Recorded(channel.topic, message.data, message.sequence)


def read_interrupted(path: Path) -> Iterator[Recorded]:
    """Each message in the whole chunks of a file that just ends somewhere, in file order.

    By the MCAP library alone: what the package's own salvage finds is compared with it.
    """
    topics: dict[int, str] = {}
    with path.open("rb") as file, suppress(McapError, struct.error):
        for record in StreamReader(file, validate_crcs=True).records:
            if isinstance(record, Channel):
                topics[record.id] = record.topic
            elif isinstance(record, Message):
                yield Recorded(topics[record.channel_id], record.data, record.sequence)


def contents_of(
    messages: Iterator[Recorded], streams: tuple[NumberedStream, ...], base_ns: int
) -> dict[str, StreamContents]:
    """Compare every message of a load with what was sent.

    Args:
        messages: of a file.
        streams: the load.
        base_ns: when the publisher began, UTC.

    Returns:
        By relative topic; messages of other topics are passed over.
    """
    known = {stream.topic: stream for stream in streams}
    found = {topic: StreamContents() for topic in known}
    for message in messages:
        name = message.topic.lstrip("/")
        if name in known:
            found[name].observe(known[name], message, base_ns)
    return found
