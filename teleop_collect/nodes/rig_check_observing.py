"""What the rig check sees of the rig's topics over some seconds."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.serialization import deserialize_message

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.images import IMAGE_TYPES, image_array
from teleop_collect.errors import MissingExtraError, UnreadableError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.polling import Taken
from teleop_collect.nodes.stream_readers import StreamReader, message_class, readers_of
from teleop_collect.recording.ledger import header_stamp_ns
from teleop_collect.recording.messages import starts_with_header
from teleop_collect.rig.checks.observation import Observation, Observer, Sample
from teleop_collect.rig.checks.picture import Picture
from teleop_collect.rig.config import Rig
from teleop_collect.rig.streams import checked_streams, streams_of

DRAIN_S = 0.005
DISCOVERY_TIMEOUT_S = 10.0
OPTIONAL_TIMEOUT_S = 2.0
"""How long the check waits for streams that a rig may do without."""
PICTURES_HZ = 3
"""Images of each stream that are looked at."""

DECODERS: dict[str, Callable[[Any], Sample]] = {
    topics.JOINT_STATE: conversions.joint_sample,
    topics.WRENCH_STAMPED: conversions.wrench_sample,
    topics.CAMERA_INFO: conversions.intrinsics,
    topics.DIAGNOSTIC_ARRAY: conversions.driver_statuses,
    topics.STRING: lambda message: str(message.data),
}
"""Types that checks look into; of everything else only times and counts are taken."""


def decode(type_name: str, data: bytes) -> Sample | None:
    """Content of a message for the checks; None for types they do not look into."""
    decoder = DECODERS.get(type_name)
    if decoder is None:
        return None
    return decoder(deserialize_message(data, message_class(type_name)))


class Observing:
    """Readers of everything that the check looks at, open while the context lasts."""

    def __init__(self, host: Host, rig: Rig) -> None:
        self._host = host
        said = [s for s in streams_of(rig) if s.topic == topics.DIAGNOSTICS]
        self._readers = readers_of(host.node, [*checked_streams(rig), *said])
        self._observers = {r.topic: Observer(r.stream.topic) for r in self._readers}
        self._images: dict[str, dict[int, Taken]] = {r.topic: {} for r in self._readers}

    def observe(self, seconds: float) -> dict[str, Observation]:
        """Wait for the publishers, then watch.

        Returns:
            What was seen, by topic as named in the stream table.
        """
        try:
            self._wait_for_publishers()
            for reader in self._readers:
                if reader.last is not None:
                    self._take(reader, reader.last)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and not self._host.stop.is_set:
                time.sleep(DRAIN_S)
                for reader in self._readers:
                    for taken in reader.drain():
                        self._take(reader, taken)
            return self._observations()
        finally:
            for reader in self._readers:
                reader.close()

    def _wait_for_publishers(self) -> None:
        deadline = time.monotonic() + DISCOVERY_TIMEOUT_S
        while time.monotonic() < deadline and not self._host.stop.wait(0.05):
            for reader in self._readers:
                reader.refresh()
            late = time.monotonic() > deadline - DISCOVERY_TIMEOUT_S + OPTIONAL_TIMEOUT_S
            if all(r.endpoints for r in self._readers if r.stream.required or not late):
                break
        # Matching takes a moment; what arrived meanwhile would look like a gap.
        self._host.stop.wait(0.2)
        for reader in self._readers:
            for _ in reader.drain():
                pass

    def _take(self, reader: StreamReader, taken: Taken) -> None:
        stream, data = reader.stream, taken.message
        stamp_ns = header_stamp_ns(data) if starts_with_header(stream.type) else None
        if stream.type in IMAGE_TYPES and stamp_ns is not None:
            # Colour and depth of one moment fall into the same slot, so they can be compared.
            self._images[reader.topic].setdefault(stamp_ns * PICTURES_HZ // NS_PER_S, taken)
        sample = decode(stream.type, data)
        self._observers[reader.topic].receive(taken.received_ns, stamp_ns, sample)

    def _observations(self) -> dict[str, Observation]:
        for reader in self._readers:
            for taken in self._images[reader.topic].values():
                if (picture := _picture(reader, taken)) is not None:
                    self._observers[reader.topic].keep(picture)
        return {r.stream.topic: self._observation(r) for r in self._readers}

    def _observation(self, reader: StreamReader) -> Observation:
        types: Sequence[str] = sorted({e.topic_type for e in reader.endpoints})
        observer = self._observers[reader.topic]
        return observer.observation(tuple(types), len(reader.endpoints), reader.offered)


def _picture(reader: StreamReader, taken: Taken) -> Picture | None:
    """An image as the checks see it; None where it cannot be read, which they report."""
    message = deserialize_message(taken.message, message_class(reader.stream.type))
    encoding = getattr(message, "encoding", "") or getattr(message, "format", "")
    try:
        pixels = image_array(reader.topic, message)
    except (UnreadableError, MissingExtraError):
        return None
    return Picture(conversions.stamp_ns(message.header.stamp), str(encoding), pixels)
