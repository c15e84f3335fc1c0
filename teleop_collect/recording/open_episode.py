"""One episode while it is open: its file, queue, ledgers and writing thread, and its closing.

Closing order: last chunk, end record, bag metadata, summary and footer; fsync; manifest.json and
metadata.yaml, each fsynced; the file gets its final name, then the folder moves to its public
place; folders fsynced. A crash in between leaves something that salvage can finish. After a failed
fsync nobody knows what the disk holds of the file, so a new one of the same bytes takes its place.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress

from teleop_collect.clock import Clock
from teleop_collect.episodes.labels import FILE_NAME as LABELS_FILE
from teleop_collect.provenance.manifest import MANIFEST_FILE, Manifest
from teleop_collect.recording.bag_metadata import (
    BAG_RECORD,
    BagTopic,
    bag_metadata,
    embedded_yaml,
    metadata_yaml,
    qos_text,
)
from teleop_collect.recording.episode_file import EpisodeFile, copy_durably, publish_folder
from teleop_collect.recording.episode_plan import (
    BEGIN_RECORD,
    END_RECORD,
    begin_values,
    end_values,
    skew_meter,
)
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.frame_numbers import frame_numbers
from teleop_collect.recording.image_codecs import Encode
from teleop_collect.recording.index_store import INDEX_SUFFIX, IndexStore
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.recording.mcap_writer import McapWriter
from teleop_collect.recording.messages import message_definition, starts_with_header
from teleop_collect.recording.place import METADATA_FILE, Place
from teleop_collect.recording.queue import RecordingQueue, shed_class
from teleop_collect.recording.rig_documents import RigDocument
from teleop_collect.recording.small_files import PART_SUFFIX, SmallFiles
from teleop_collect.recording.writer_thread import (
    SPARE_BYTES,
    Complaint,
    WriterThread,
    WriteSettings,
)
from teleop_collect.rig.config import Recording
from teleop_collect.topics import Qos, Stream, StreamKind

# Recording stops at half of what must be free to start.
FLOOR_DIVISOR = 2


class OpenEpisode:
    """An episode that takes messages.

    Args:
        place: where to write; the folder must not exist.
        manifest: as known at the start.
        streams: by absolute topic; their order numbers them.
        offered_qos: what publishers offer, by topic, where observed.
        documents: attached before the first message.
        settings: the rig file's recording section.
        clock: for ages.
        file_system: calls to use.
        encoders: compress the images of streams, by number.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(
        self,
        place: Place,
        manifest: Manifest,
        streams: Mapping[str, Stream],
        offered_qos: Mapping[str, Sequence[Qos]],
        documents: Sequence[RigDocument],
        settings: Recording,
        clock: Clock,
        file_system: FileSystem,
        encoders: Mapping[int, Encode] | None = None,
    ) -> None:
        self.place = place
        self.manifest = manifest
        self._fs = file_system
        self.streams = streams
        self._qos = {t: qos_text(offered_qos.get(t) or [s.qos]) for t, s in streams.items()}
        self.ledgers = [
            StreamLedger(
                s.expected_hz,
                has_header=starts_with_header(s.type),
                continuous=s.kind is not StreamKind.COMMAND,
            )
            for s in streams.values()
        ]
        self.skew = skew_meter(streams)
        self._frame_numbers = frame_numbers(streams, self.ledgers)
        classes = [shed_class(s) for s in streams.values()]
        self.queue = RecordingQueue(classes, settings.queue_bytes)
        with ExitStack() as undo:
            file_system.make_folder(place.in_progress)
            undo.callback(self._remove_folder)
            names = (METADATA_FILE, LABELS_FILE, MANIFEST_FILE)
            self._small_files = SmallFiles(place.in_progress, names, file_system)
            undo.callback(self._small_files.remove)
            self._file = EpisodeFile(place.active_file, file_system)
            undo.callback(self._file.close)
            index_file = place.active_file.with_name(place.active_file.name + INDEX_SUFFIX)
            self._indexes = IndexStore(index_file, file_system)
            self._writer = self._begin(settings, documents)
            undo.pop_all()
        self._thread = WriterThread(
            self.queue,
            self._writer,
            self._file,
            self.ledgers,
            WriteSettings(
                chunk_age_s=settings.chunk_age_s,
                fsync_s=settings.fsync_s,
                floor_bytes=settings.min_free_bytes // FLOOR_DIVISOR,
            ),
            clock,
            file_system,
            encoders or {},
        )
        self._thread.start()

    def _begin(self, settings: Recording, documents: Sequence[RigDocument]) -> McapWriter:
        """Everything that stands before the first message, safe on the disk."""
        writer = McapWriter(
            self._file,
            settings.compression,
            settings.chunk_bytes,
            zstd_level=settings.zstd_level,
            indexes=self._indexes,
        )
        writer.add_metadata(BEGIN_RECORD, begin_values(self.manifest))
        for document in documents:
            writer.add_attachment(
                document.name, document.media_type, document.data, self.manifest.started_ns
            )
        schemas: dict[str, int] = {}
        for topic, stream in self.streams.items():
            definition = message_definition(stream.type)
            if definition.name not in schemas:
                schemas[definition.name] = writer.add_schema(
                    definition.name, "ros2msg", definition.text.encode()
                )
            writer.add_channel(
                topic,
                schemas[definition.name],
                {"offered_qos_profiles": self._qos[topic], "topic_type_hash": definition.rihs01},
            )
        self._file.sync()
        self._file.reserve(SPARE_BYTES)
        self._fs.sync_folder(self.place.in_progress)
        self._fs.sync_folder(self.place.in_progress.parent)
        return writer

    @property
    def error(self) -> str | None:
        """What is wrong with the disk; None while all is well."""
        return self._thread.error

    def take_complaints(self) -> list[Complaint]:
        """Why messages could not be written, once for each stream and reason."""
        return self._thread.take_complaints()

    def offer(
        self,
        number: int,
        data: bytes,
        receive_ns: int,
        source_ns: int | None,
        publication_sequence: int | None,
        publisher: bytes | None,
    ) -> None:
        """Count one message and queue it; one thread at a time, which never waits for the disk."""
        ledger = self.ledgers[number]
        ledger.received += 1
        ledger.transport.observe(publication_sequence, publisher)
        if (numbers := self._frame_numbers.get(number)) is not None:
            numbers.accept(data)
        sequence = ledger.received if publication_sequence is None else publication_sequence
        message = (number, receive_ns, source_ns or receive_ns, sequence & 0xFFFFFFFF, data)
        if self.queue.put(message):
            stamp_ns = ledger.accept(receive_ns, data)
            if ledger.expected_hz is not None:
                self.skew.add(number, stamp_ns)
        else:
            ledger.dropped_full += 1

    def give_up(self, number: int, sequence: int | None, publisher: bytes | None) -> None:
        """Count a message that was received while there was no room for it."""
        ledger = self.ledgers[number]
        ledger.received += 1
        ledger.dropped_full += 1
        ledger.transport.observe(sequence, publisher)

    def note(self, name: str, values: Mapping[str, str]) -> None:
        """Have a metadata record written among the messages, safe on the disk like them."""
        self._thread.note(name, values)

    def drain(self, timeout_s: float) -> bool:
        """Take no more messages and write those queued; False when that takes longer.

        May be called again to wait on.
        """
        return self._thread.stop(timeout_s)

    def finish(self, manifest: Manifest, labels: bytes = b"") -> Manifest:
        """Close the file and publish the folder, once drained.

        Args:
            manifest: final, but for the file's hash.
            labels: content of labels.jsonl; without any, there is no such file.

        Returns:
            The manifest as written.

        Raises:
            OSError: the disk refused; what exists stays in the folder in progress.
        """
        self._file.release()
        try:
            self._end_file(manifest)
        finally:
            self._close_file()
        if self._file.sync_failed:
            manifest = self._replace_file(manifest)
        hashes = manifest.hashes.model_copy(update={"mcap_sha256": self._file.sha256})
        manifest = manifest.model_copy(update={"hashes": hashes})
        self._small_files.write(METADATA_FILE, metadata_yaml(self._bag()).encode())
        if labels:
            self._small_files.write(LABELS_FILE, labels)
        self._small_files.write(MANIFEST_FILE, manifest.to_json().encode())
        self._small_files.remove()
        if not self._file.sync_failed:
            self._fs.rename(self.place.active_file, self.place.closed_file)
        publish_folder(self._fs, self.place.in_progress, self.place.final)
        return manifest

    def _end_file(self, manifest: Manifest) -> None:
        self._writer.add_metadata(END_RECORD, end_values(manifest))
        serialized = embedded_yaml(self._bag())
        self._writer.add_metadata(BAG_RECORD, {"serialized_metadata": serialized})
        self._writer.finish()
        if not self._file.sync_failed:
            with suppress(OSError):  # remembered by the file
                self._file.sync()

    def _replace_file(self, manifest: Manifest) -> Manifest:
        """Put a new file in the place of one whose fsync failed; returns what to say of it."""
        closed = self.place.closed_file
        part = closed.with_name(closed.name + PART_SUFFIX)
        copy_durably(self._fs, self._file, part)
        self._fs.rename(part, closed)
        self._fs.unlink(self.place.active_file)
        reasons = (manifest.outcome.reason, "an fsync failed: the file was written a second time")
        reason = "; ".join(text for text in reasons if text)
        outcome = manifest.outcome.model_copy(update={"reason": reason})
        return manifest.model_copy(update={"outcome": outcome, "suspect": True})

    def _bag(self) -> dict[str, object]:
        counts = self._writer.counts
        bag_topics = [
            BagTopic(topic, stream.type, self._qos[topic], counts.get(number + 1, 0))
            for number, (topic, stream) in enumerate(self.streams.items())
        ]
        return bag_metadata(
            self.place.closed_file.name, bag_topics, self._writer.start_ns, self._writer.end_ns
        )

    def remove(self) -> None:
        """Throw the episode away, once drained.

        Raises:
            OSError: it could not be removed.
        """
        self._close_file()
        self._small_files.remove()
        self._remove_folder()
        self._fs.sync_folder(self.place.in_progress.parent)

    def _remove_folder(self) -> None:
        self._fs.unlink(self.place.active_file)
        self._fs.remove_folder(self.place.in_progress)

    def abandon(self) -> None:
        """Close the files as they are and leave them to salvage."""
        try:
            self._close_file()
        finally:
            self._small_files.close()

    def _close_file(self) -> None:
        try:
            self._indexes.close()
        finally:
            self._file.close()
