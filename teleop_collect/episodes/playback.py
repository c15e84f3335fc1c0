"""Messages of several streams in the order in which they were received."""

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.mcap_records import RawMessage

REORDER_NS = NS_PER_S
"""A recorder drains stream by stream, so neighbours in a file may be out of order by its stall."""


class Received(NamedTuple):
    """One message with the stream it belongs to."""

    topic: str
    raw: RawMessage


def in_order(messages: Iterable[Received]) -> Iterator[Received]:
    """Sort by receive time, holding back what is younger than `REORDER_NS`.

    Args:
        messages: in the order of a file; equal times keep that order.
    """
    waiting: list[tuple[int, int, Received]] = []
    for number, message in enumerate(messages):
        heapq.heappush(waiting, (message.raw.log_ns, number, message))
        while waiting[0][0] < message.raw.log_ns - REORDER_NS:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]
