"""Subscriptions that are drained by hand instead of by an executor.

rclpy's executor rebuilds its wait set on each wake and delivers one message a wake; at the rates of
a rig that costs more than the data. A polled subscription is never put into a wait set: the owner's
loop takes everything that has arrived.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile


class _Polled(CallbackGroup):
    """A group that never lets an executor run its entities."""

    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
        return False

    def ending_execution(self, entity: Any) -> None:
        return None


class Taken(NamedTuple):
    """One message as the middleware delivered it.

    Attributes:
        message: a message object; CDR bytes from a raw subscription; else what was decoded of them.
        source_ns: UTC time at which the publisher sent it.
        received_ns: UTC time at which it reached this process.
        publication_sequence: the publisher's count, from 1; None where the middleware has none.
        publisher: its identity; None where rclpy does not tell it (before Kilted).
    """

    message: Any
    source_ns: int
    received_ns: int
    publication_sequence: int | None
    publisher: bytes | None = None


class PolledSubscription:
    """A subscription that its owner drains.

    Args:
        node: subscribes.
        message_type: class of the messages.
        topic: their topic.
        qos: what is asked of the publisher.
        raw: whether messages stay CDR bytes.
        decode: from CDR bytes to what the owner wants, instead of to message objects.
    """

    def __init__(
        self,
        node: Node,
        message_type: Any,
        topic: str,
        qos: QoSProfile,
        *,
        raw: bool = False,
        decode: Callable[[bytes], Any] | None = None,
    ) -> None:
        self._node = node
        self._decode = decode
        self._raw = raw = raw or decode is not None
        self._group = _Polled()
        self._subscription = node.create_subscription(
            message_type, topic, lambda message: None, qos, callback_group=self._group, raw=raw
        )
        self._type = self._subscription.msg_type

    @property
    def handle(self) -> Any:
        """The middleware's subscription, for a wait set of the owner's."""
        return self._subscription.handle

    def drain(self, limit: int = 10_000) -> Iterator[Taken]:
        """Yield what has arrived, oldest first, at most `limit` messages."""
        if self._decode is None:
            yield from self._take(limit)
            return
        for taken in self._take(limit):
            yield taken._replace(message=self._decode(taken.message))

    def _take(self, limit: int = 10_000) -> Iterator[Taken]:
        handle = self._subscription.handle
        with handle:
            for _ in range(limit):
                taken = handle.take_message(self._type, self._raw)
                if taken is None:
                    return
                message, info = taken
                if not (info["source_timestamp"] or info["publication_sequence_number"]):
                    # Fast DDS 2.14 now and then says that it took something and took nothing, again
                    # and again: a loop that believed it would spin here and record empty messages.
                    return
                yield Taken(
                    message,
                    info["source_timestamp"],
                    info["received_timestamp"],
                    info["publication_sequence_number"],
                    publisher_in(info),
                )

    def newest(self) -> Taken | None:
        """The last message that has arrived since the previous call; older ones are let go."""
        newest = deque(self._take(), maxlen=1)
        if not newest or self._decode is None:
            return newest[0] if newest else None
        return newest[0]._replace(message=self._decode(newest[0].message))

    def forget(self) -> None:
        """Let go of what has arrived, whatever it is."""
        deque(self._take(), maxlen=0)

    def close(self) -> None:
        """Destroy the subscription."""
        self._node.destroy_subscription(self._subscription)


def publisher_in(info: Mapping[str, Any]) -> bytes | None:
    """The publisher's identity in what rclpy says of a message; None where it says none."""
    gid = info.get("publisher_gid")
    if isinstance(gid, Mapping):
        gid = gid.get("data")
    return bytes(gid) if gid else None
