"""Messages of several streams in the order in which they were received, and when each is due."""

import fnmatch
import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.errors import ConfigError

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


class Due(NamedTuple):
    """One message to be published again, ns after the playback began at rate 1."""

    topic: str
    data: bytes
    after_ns: int


def schedule(
    messages: Iterable[Received], start_ns: int, end_ns: int | None, latched: Collection[str]
) -> Iterator[Due]:
    """When each message of a part of an episode is due.

    Args:
        messages: in the order of their reception.
        start_ns: where playback begins, UTC ns. What latched topics said last before it comes
            first, because whoever listens would know it.
        end_ns: where it ends (that moment included); None for the end of the episode.
        latched: topics whose last message stays valid.
    """
    known: dict[str, bytes] = {}
    for topic, raw in messages:
        if raw.log_ns < start_ns:
            if topic in latched:
                known[topic] = bytes(raw.data)
            continue
        yield from (Due(name, data, 0) for name, data in known.items())
        known.clear()
        if end_ns is not None and raw.log_ns > end_ns:
            return
        yield Due(topic, bytes(raw.data), raw.log_ns - start_ns)


def chosen_topics(patterns: Sequence[str], present: Collection[str]) -> list[str]:
    """The topics that a filter lets through, in their order.

    Args:
        patterns: names, with or without their leading slash, with `*` and `?`; one that begins
            with `!` leaves topics out. Without any other pattern all others are taken.
        present: topics there are.

    Raises:
        ConfigError: a pattern fits no topic; the message lists those there are.
    """
    wanted = [p for p in patterns if not p.startswith("!")]
    unwanted = [p.removeprefix("!") for p in patterns if p.startswith("!")]
    for pattern in (*wanted, *unwanted):
        if not any(_fits(topic, pattern) for topic in present):
            listed = ", ".join(sorted(present)) or "none"
            raise ConfigError(f"there is no topic {pattern!r}; there are: {listed}")
    return [
        topic
        for topic in present
        if (not wanted or any(_fits(topic, p) for p in wanted))
        and not any(_fits(topic, p) for p in unwanted)
    ]


def _fits(topic: str, pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(topic, p) for p in (pattern, f"/{pattern}"))
