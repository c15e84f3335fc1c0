"""Raw readers of a rig's streams, each matched to whoever publishes it now.

Owns subscriptions and what the graph says of publishers. Does not know what is done with the bytes:
the recorder writes them, the rig check counts them.
"""

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

from rclpy.node import Node

from teleop_collect.nodes.polling import PolledSubscription, Taken
from teleop_collect.nodes.qos import adapted, profile
from teleop_collect.rig.streams import reader_depth
from teleop_collect.topics import Qos, Stream


def message_class(type_name: str) -> Any | None:
    """The Python class of `package/msg/Name`; None where it is not installed."""
    package, _, name = type_name.split("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError):
        return None


class StreamReader:
    """One stream's subscription, remade when its publishers change their QoS.

    Attributes:
        stream: its entry in the rig's table.
        topic: absolute topic name under which the stream is known and recorded.
        endpoints: what the graph says of each publisher (rclpy TopicEndpointInfo).
        problem: why nothing can be read (wrong type, type not installed); "" when all is well.
        last: the newest message, kept for latched topics only.
    """

    def __init__(self, node: Node, stream: Stream) -> None:
        self.stream = stream
        self.topic = node.resolve_topic_name(stream.topic)
        self._source = node.resolve_topic_name(stream.read_from)
        self.endpoints: list[Any] = []
        self.problem = ""
        self.last: Taken | None = None
        self._node = node
        self._qos: Qos | None = None
        self._subscription: PolledSubscription | None = None

    def refresh(self) -> None:
        """Ask the graph who publishes and subscribe to match; cheap when nothing has changed."""
        self.endpoints = self._node.get_publishers_info_by_topic(self._source)
        self.problem = self._find_problem()
        if self.problem or not self.endpoints:
            return
        wanted = adapted(self.endpoints, reader_depth(self.stream))
        if wanted != self._qos:
            self.close()
            self._qos = wanted
            message_type = message_class(self.stream.read_type)
            self._subscription = PolledSubscription(
                self._node, message_type, self._source, profile(wanted), raw=True
            )

    def _find_problem(self) -> str:
        if message_class(self.stream.read_type) is None:
            return f"message type {self.stream.read_type} is not installed"
        others = {e.topic_type for e in self.endpoints} - {self.stream.read_type}
        if others:
            return f"published as {', '.join(sorted(others))}, expected {self.stream.read_type}"
        return ""

    @property
    def qos(self) -> Qos | None:
        """What is subscribed with; None before the first publisher."""
        return self._qos

    @property
    def is_latched(self) -> bool:
        """Whether late readers get the last message."""
        return self._qos is not None and self._qos.latched

    @property
    def is_sequence_countable(self) -> bool:
        """Whether publication numbers alone tell losses: those of a single publisher do."""
        return len(self.endpoints) == 1

    @property
    def offered(self) -> Qos | None:
        """The weakest QoS of the publishers; None without publishers."""
        return adapted(self.endpoints, self.stream.qos.depth) if self.endpoints else None

    def drain(self) -> Iterator[Taken]:
        """Everything that has arrived, oldest first."""
        if self._subscription is None:
            return
        for taken in self._subscription.drain():
            if self.is_latched:
                self.last = taken
            yield taken

    def close(self) -> None:
        """Drop the subscription."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
            self._qos = None


def readers_of(node: Node, streams: Iterable[Stream]) -> list[StreamReader]:
    """One reader for each stream."""
    return [StreamReader(node, stream) for stream in streams]
