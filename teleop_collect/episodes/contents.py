"""Which streams the files of an episode hold, and where."""

from collections.abc import Mapping, Sequence
from typing import Any

from mcap import records

from teleop_collect.episodes.decoding import Decoder, decoder
from teleop_collect.episodes.mcap_file import McapFile
from teleop_collect.episodes.streams import StreamInfo
from teleop_collect.errors import UnreadableError

NO_SCHEMA = records.Schema(id=0, data=b"", encoding="", name="")


class Contents:
    """Streams by topic across all files of one episode.

    Args:
        files: opened, in recording order.
        manifest: of the episode; None without one.

    Attributes:
        files: as given.
        streams: what there is, by absolute topic name.
        decoders: by topic; None where the file's definition of the type cannot be used.

    Raises:
        UnreadableError: one topic has two types.
    """

    def __init__(self, files: Sequence[McapFile], manifest: Mapping[str, Any] | None) -> None:
        self.files = tuple(files)
        self.streams: dict[str, StreamInfo] = {}
        self.decoders: dict[str, Decoder | None] = {}
        self._channel_ids: dict[str, list[set[int]]] = {}
        ledgers = (manifest or {}).get("streams", {})
        for number, file in enumerate(self.files):
            for channel in file.index.channels.values():
                self._add(number, file, channel, ledgers.get(channel.topic))

    def sources(self, topic: str) -> list[tuple[McapFile, set[int]]]:
        """The files that hold a topic and its channels there."""
        pairs = zip(self.files, self._channel_ids[topic], strict=True)
        return [(file, ids) for file, ids in pairs if ids]

    def topics_of(self, number: int) -> dict[int, str]:
        """Topic by channel id in one of the files."""
        return {i: topic for topic, ids in self._channel_ids.items() for i in ids[number]}

    def _add(self, number: int, file: McapFile, channel: records.Channel, ledger: Any) -> None:
        schema = file.index.schemas.get(channel.schema_id, NO_SCHEMA)
        known = self.streams.get(channel.topic)
        if known and known.type != schema.name:
            raise UnreadableError(
                f"{file.path}: {channel.topic} is both {known.type} and {schema.name}"
            )
        if not known:
            self._channel_ids[channel.topic] = [set() for _ in self.files]
            can_decode = channel.message_encoding == "cdr"
            self.decoders[channel.topic] = (
                decoder(schema.name, schema.encoding, schema.data) if can_decode else None
            )
        self._channel_ids[channel.topic][number].add(channel.id)
        self.streams[channel.topic] = StreamInfo(
            topic=channel.topic,
            type=schema.name,
            count=(known.count if known else 0) + file.index.counts.get(channel.id, 0),
            metadata=channel.metadata,
            decodable=self.decoders[channel.topic] is not None,
            ledger=ledger if isinstance(ledger, dict) else {},
        )
