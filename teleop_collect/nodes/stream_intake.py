"""Takes what the rig's topics have delivered and hands it to the recorder's core."""

from collections.abc import Mapping, Sequence

from teleop_collect import topics
from teleop_collect.nodes.episode_topics import EpisodeTopics
from teleop_collect.nodes.polling import Taken
from teleop_collect.nodes.stream_readers import StreamReader
from teleop_collect.recording.recorder import EpisodeRecorder


class StreamIntake:
    """Drains all readers; one thread at a time.

    Args:
        readers: one for each stream of the core.
        core: takes the messages.
    """

    def __init__(self, readers: Sequence[StreamReader], core: EpisodeRecorder) -> None:
        self._readers = readers
        self._core = core
        self._arm_fault = False
        self.events_seen = 0
        """Messages of `episode/event` so far."""

    @property
    def problems(self) -> list[str]:
        """Why topics cannot be read, one line each."""
        return [f"{r.topic}: {r.problem}" for r in self._readers if r.problem]

    @property
    def last(self) -> dict[str, Taken | None]:
        """The newest message of each latched topic."""
        return {reader.topic: reader.last for reader in self._readers}

    def refresh(self) -> None:
        """Ask the graph who publishes; tell once what cannot be read and what was adapted to."""
        for reader in self._readers:
            problem, qos = reader.problem, reader.qos
            reader.refresh()
            if reader.problem and reader.problem != problem:
                self._core.report("unreadable", topic=reader.topic, message=reader.problem)
            if qos is not None and reader.qos not in (None, qos):
                self._core.report(
                    "qos_changed",
                    topic=reader.topic,
                    reliable=reader.qos.reliable,
                    latched=reader.qos.latched,
                )

    def drain(self) -> None:
        """Offer everything that has arrived."""
        for reader in self._readers:
            is_event = reader.stream.topic == topics.EPISODE_EVENT
            for taken in reader.drain():
                if is_event:
                    self._on_event(taken.message)
                self._core.offer(
                    reader.topic,
                    taken.message,
                    self._core.anchored_ns(taken.received_ns),
                    taken.source_ns,
                    sequence_of(taken, reader),
                    taken.publisher,
                )

    def _on_event(self, data: bytes) -> None:
        self.events_seen += 1
        event = EpisodeTopics.parse(data)
        if event.get("kind") == "teleop" and event.get("to") == "FAULT":
            self._arm_fault = True

    def take_arm_fault(self) -> bool:
        """Whether teleoperation has reported a fault since the last call."""
        fault, self._arm_fault = self._arm_fault, False
        return fault

    def offer_latched(self, before: Mapping[str, Taken | None], now_ns: int) -> None:
        """Latched topics stand in every episode, whenever they were published.

        Args:
            before: `last` before the start; what has come since is recorded already.
            now_ns: their receive time, UTC ns.
        """
        for reader in self._readers:
            last = reader.last
            if last is None or last is not before[reader.topic]:
                continue
            if not EpisodeTopics.is_own(reader.stream.topic):
                sequence = sequence_of(last, reader)
                self._core.offer(
                    reader.topic, last.message, now_ns, last.source_ns, sequence, last.publisher
                )


def sequence_of(taken: Taken, reader: StreamReader) -> int | None:
    """A publisher's number of a message, where losses can be told from it."""
    known = taken.publisher is not None or reader.is_sequence_countable
    return taken.publication_sequence if known else None
