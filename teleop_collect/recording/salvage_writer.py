"""Writes what a salvage reader finds into a new, complete MCAP file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcap import records

from teleop_collect.episodes.mcap_records import MAX_CHANNELS, RawMessage
from teleop_collect.errors import UnreadableError
from teleop_collect.provenance.manifest import (
    Manifest,
    parse_manifest,
)
from teleop_collect.recording.bag_metadata import BAG_RECORD, BagTopic, bag_metadata, embedded_yaml
from teleop_collect.recording.episode_file import EpisodeFile
from teleop_collect.recording.episode_plan import (
    BEGIN_RECORD,
    END_RECORD,
    LABEL_RECORD,
    Label,
    label_of,
)
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.recording.mcap_chunk import Compression
from teleop_collect.recording.mcap_writer import McapWriter
from teleop_collect.recording.messages import starts_with_header
from teleop_collect.recording.salvage_reader import Damage, Salvageable


@dataclass
class _Channel:
    """A channel of the source and where it went."""

    id: int
    record: records.Channel
    type: str
    ledger: StreamLedger


@dataclass
class Recovered:
    """A recovered file.

    Attributes:
        path: the new file.
        messages: how many it holds.
        start_ns: log time of the first, UTC ns.
        end_ns: log time of the last, UTC ns.
        sha256: of the new file.
        begin: the manifest written before the first message; None when there was none.
        end: the manifest written after the last one; None when recording never came so far.
        label: the operator's last label; None when there was none.
        topics: for metadata.yaml.
        ledgers: by topic; only time lines are filled in.
    """

    path: Path
    messages: int = 0
    start_ns: int = 0
    end_ns: int = 0
    sha256: str = ""
    begin: Manifest | None = None
    end: Manifest | None = None
    label: Label | None = None
    topics: list[BagTopic] = field(default_factory=list)
    ledgers: dict[str, StreamLedger] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether every message that the recorder wrote is there, by its own account."""
        if self.end is None:
            return False
        found = {topic: ledger.written for topic, ledger in self.ledgers.items()}
        return all(found.get(t, 0) == stream.written for t, stream in self.end.streams.items())

    @property
    def bag(self) -> dict[str, Any]:
        """What rosbag2 is told of the file."""
        return bag_metadata(self.path.name, self.topics, self.start_ns, self.end_ns)


class SalvageWriter:
    """Rewrites one file.

    Args:
        path: the new file; must not exist.
        damage: of the reader; records that refer to nothing are noted there.
        compression: of the new chunks.
        file_system: calls to use.
    """

    def __init__(
        self,
        path: Path,
        damage: Damage,
        compression: Compression,
        file_system: FileSystem,
    ) -> None:
        self._path = path
        self._damage = damage
        self._file = EpisodeFile(path, file_system)
        self._fs = file_system
        self._compression = compression
        self._writer: McapWriter | None = None
        self._schemas: dict[int, tuple[int, str]] = {0: (0, "")}
        self._channels: dict[int, _Channel] = {}
        self._begin: Manifest | None = None
        self._end: Manifest | None = None
        self._label: Label | None = None

    def write(self, found: Iterable[Salvageable]) -> Recovered:
        """Write everything and close the file durably.

        Raises:
            OSError: the disk refused; the partial file is removed.
        """
        try:
            for record in found:
                self._add(record)
            recovered = self._finish()
            self._file.sync()
            self._file.close()
        except BaseException:
            self._file.close()
            self._fs.unlink(self._path)
            raise
        recovered.sha256 = self._file.sha256
        return recovered

    @property
    def _open_writer(self) -> McapWriter:
        if self._writer is None:
            self._writer = McapWriter(self._file, self._compression)
        return self._writer

    def _add(self, record: Salvageable) -> None:
        match record:
            case RawMessage():
                self._add_message(record)
            case records.Header():
                self._writer = McapWriter(self._file, self._compression, profile=record.profile)
            case records.Schema():
                self._add_schema(record)
            case records.Channel():
                self._add_channel(record)
            case records.Metadata():
                self._add_metadata(record)
            case records.Attachment():
                self._open_writer.add_attachment(
                    record.name, record.media_type, record.data, record.log_time
                )

    def _add_schema(self, record: records.Schema) -> None:
        if len(self._schemas) > MAX_CHANNELS:
            self._refuse(f"there are more than {MAX_CHANNELS} schemas")
        elif record.id not in self._schemas:
            new = self._open_writer.add_schema(record.name, record.encoding, record.data)
            self._schemas[record.id] = (new, record.name)

    def _add_channel(self, record: records.Channel) -> None:
        if record.id in self._channels:
            return
        if len(self._channels) >= MAX_CHANNELS:
            self._refuse(f"there are more than {MAX_CHANNELS} channels")
            return
        if record.schema_id not in self._schemas:
            self._refuse("a channel refers to a missing schema")
            return
        schema_id, type_name = self._schemas[record.schema_id]
        new = self._open_writer.add_channel(
            record.topic, schema_id, record.metadata, record.message_encoding
        )
        stated = self._begin.streams.get(record.topic) if self._begin else None
        expected_hz = stated.expected_hz if stated else None
        ledger = StreamLedger(expected_hz, has_header=starts_with_header(type_name))
        self._channels[record.id] = _Channel(new, record, type_name, ledger)

    def _add_metadata(self, record: records.Metadata) -> None:
        if record.name == BAG_RECORD:
            return
        if record.name == BEGIN_RECORD and self._begin is None:
            self._begin = self._manifest_in(record)
        if record.name == END_RECORD:
            self._end = self._manifest_in(record)
        if record.name == LABEL_RECORD:
            self._label = label_of(record.metadata) or self._label
        self._open_writer.add_metadata(record.name, record.metadata)

    def _manifest_in(self, record: records.Metadata) -> Manifest | None:
        try:
            return parse_manifest(record.metadata.get("manifest", ""), record.name)
        except UnreadableError:
            self._damage.note(f"the record {record.name} holds no manifest")
            return None

    def _add_message(self, message: RawMessage) -> None:
        channel = self._channels.get(message.channel_id)
        if channel is None:
            self._refuse("a message refers to a missing channel")
            return
        data = bytes(message.data)
        self._open_writer.add_message(
            channel.id, message.log_ns, message.publish_ns, message.sequence, data
        )
        channel.ledger.accept(message.log_ns, data)

    def _refuse(self, reason: str) -> None:
        self._damage.records_discarded += 1
        self._damage.note(reason)

    def _finish(self) -> Recovered:
        writer = self._open_writer
        writer.close_chunk()
        recovered = Recovered(
            self._path,
            writer.message_count,
            writer.start_ns,
            writer.end_ns,
            begin=self._begin,
            end=self._end,
            label=self._label,
        )
        for channel in self._channels.values():
            count = writer.counts.get(channel.id, 0)
            qos = channel.record.metadata.get("offered_qos_profiles", "")
            topic = channel.record.topic
            recovered.topics.append(BagTopic(topic, channel.type, qos, count))
            recovered.ledgers[topic] = channel.ledger
            channel.ledger.written = count
        writer.add_metadata(BAG_RECORD, {"serialized_metadata": embedded_yaml(recovered.bag)})
        writer.finish()
        return recovered
