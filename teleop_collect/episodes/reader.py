"""Episodes as their readers see them: streams, arrays, images, labels, one time line.

Reads this package's episode folders and any other recorder's MCAP files. Nothing is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from teleop_collect import topics
from teleop_collect.episodes.contents import Contents
from teleop_collect.episodes.decoding import Decoder
from teleop_collect.episodes.early_scan import EarlyScan
from teleop_collect.episodes.files import EpisodeFiles, find_files
from teleop_collect.episodes.images import IMAGE_TYPES, ImageArray, image_array
from teleop_collect.episodes.labels import Label, effective_success, read_labels
from teleop_collect.episodes.mcap_file import McapFile
from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.episodes.playback import Received, in_order
from teleop_collect.episodes.scan import OnDamage, OnImage, Scan, scan
from teleop_collect.episodes.streams import (
    EXTRACTORS,
    StreamData,
    StreamInfo,
    StreamTimes,
    Values,
    extract,
)
from teleop_collect.episodes.timeline import Policy, Timeline, align
from teleop_collect.episodes.uniform import STAMP_END, uniform
from teleop_collect.errors import UnreadableError

SAMPLED = frozenset({*EXTRACTORS, *IMAGE_TYPES}) - {topics.STRING, topics.DIAGNOSTIC_ARRAY}

REPETITIVE = frozenset({topics.DIAGNOSTIC_ARRAY, topics.CAMERA_INFO})
"""Types whose messages mostly repeat what the one before said."""


def open_episode(path: str | Path) -> "Episode":
    """Open an episode folder, an MCAP file, or a folder of another rosbag2 recorder.

    Raises:
        UnreadableError: it is none of these, or it is damaged; the message says what to do.
    """
    return Episode(find_files(Path(path).expanduser()))


class Episode:
    """One recorded episode. A context manager; usable from several threads once scanned.

    Args:
        files: where it lies.

    Attributes:
        path: what was opened.
        folder: the episode's folder; None for a bare file.
        manifest: content of manifest.json; None for files of other recorders.
        labels: labels added after recording, oldest first.
        streams: what it holds, by absolute topic name.
    """

    def __init__(self, files: EpisodeFiles) -> None:
        self.path = files.path
        self.folder = files.folder
        self.manifest: Mapping[str, Any] | None = files.manifest
        self.labels: tuple[Label, ...] = read_labels(files.folder) if files.folder else ()
        self.mcap_paths = files.mcaps
        self._files: list[McapFile] = []
        try:
            for mcap in files.mcaps:
                self._files.append(McapFile(mcap))
            self._contents = Contents(self._files, files.manifest)
        except BaseException:
            self.close()
            raise
        self.streams: Mapping[str, StreamInfo] = self._contents.streams
        self._scan: Scan | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files; safe to call twice."""
        for file in self._files:
            file.close()

    @property
    def episode_id(self) -> str:
        """As the manifest says; else the name of the folder or file."""
        named = (self.manifest or {}).get("episode_id")
        return named if isinstance(named, str) else self.path.stem

    @property
    def effective_label(self) -> bool | None:
        """Whether the task worked: the newest label, else the recorded outcome, else None."""
        return effective_success(self.manifest, self.labels)

    def manifest_part(self, key: str) -> Mapping[str, Any]:
        """An object inside the manifest, for example `task`; empty when absent or malformed."""
        part = (self.manifest or {}).get(key)
        return part if isinstance(part, dict) else {}

    @cached_property
    def attachments(self) -> Mapping[str, bytes]:
        """Files inside the recording (rig file, URDF, calibration) by name."""
        return {n: data for file in self._files for n, data in file.attachments().items()}

    @cached_property
    def metadata(self) -> Mapping[str, Mapping[str, str]]:
        """Metadata records of the recording by name."""
        return {n: pairs for file in self._files for n, pairs in file.metadata().items()}

    def topic(self, name: str) -> str:
        """The full name of a stream, which may be given without its leading slash.

        Raises:
            UnreadableError: the episode has no such stream.
        """
        for candidate in (name, f"/{name}"):
            if candidate in self.streams:
                return candidate
        present = ", ".join(sorted(self.streams)) or "none"
        raise UnreadableError(f"{self.episode_id} has no stream {name!r}; it has {present}")

    def scan(
        self,
        on_image: OnImage | None = None,
        on_damage: OnDamage | None = None,
        *,
        check_crc: bool = True,
        early: EarlyScan | None = None,
    ) -> None:
        """Read the whole file once: times of all streams, messages of all small streams.

        Called by itself when needed; worth calling first by who also wants every image.

        Args:
            on_image: called with topic and serialised message for each image.
            on_damage: called for each damaged chunk, which is then left out; without it the first
                one is raised.
            check_crc: compare chunks with their checksums; needless once the whole file's hash
                has been compared.
            early: what was read while it was recorded, if `continues` it.

        Raises:
            UnreadableError: a chunk is damaged.
        """
        self._scan = scan(self._contents, on_image, on_damage, check_crc=check_crc, early=early)

    def continues(self, early: EarlyScan) -> bool:
        """Whether this is the episode that was read while it was recorded."""
        return early.fits(self._contents)

    def times(self, topic: str) -> StreamTimes:
        """When each message of a stream was measured, sent and received, in file order."""
        return self._scanned.times[self.topic(topic)]

    def read(self, topic: str) -> StreamData:
        """A stream as arrays (see `StreamData`); for image streams the times alone.

        Raises:
            UnreadableError: no such stream, or a message is malformed.
        """
        name = self.topic(topic)
        info = self.streams[name]
        decode = self._contents.decoders[name]
        raw = self._scanned.messages.get(name, [])
        names, values = _arrays(info.type, raw, decode) if decode and raw else ((), {})
        return StreamData(name, info.type, self._scanned.times[name], names, values)

    def read_messages(self, topic: str) -> Iterator[RawMessage]:
        """Serialised messages of one stream, in file order."""
        name = self.topic(topic)
        for file, channel_ids in self._contents.sources(name):
            yield from file.messages(channel_ids)

    def messages(self, chosen: Sequence[str]) -> Iterator[Received]:
        """Serialised messages of several streams in the order in which they were received.

        Raises:
            UnreadableError: no such stream, or a chunk is damaged.
        """
        names = {self.topic(name) for name in chosen}
        for number, file in enumerate(self._files):
            topic_of = {
                i: topic for i, topic in self._contents.topics_of(number).items() if topic in names
            }
            found = (Received(topic_of[m.channel_id], m) for m in file.messages(topic_of.keys()))
            yield from in_order(found)

    def decode(self, topic: str, data: bytes | memoryview) -> Any:
        """One serialised message as an object with the fields of its type.

        Raises:
            UnreadableError: the file's definition of the type cannot be used.
        """
        name = self.topic(topic)
        decode = self._contents.decoders[name]
        if decode is None:
            raise UnreadableError(
                f"{name}: the file's definition of {self.streams[name].type} cannot be used"
            )
        return decode.decode(data)

    def iter_images(self, topic: str) -> Iterator[tuple[int, int, ImageArray]]:
        """Images of one stream in file order: sensor time ns, receive time ns, pixels.

        Colour is RGB; 16UC1 depth is mm. The array is a read-only view.

        Raises:
            UnreadableError: the stream has no images.
        """
        name = self._image_topic(topic)
        decode = self._contents.decoders[name]
        for raw in self.read_messages(name):
            stamp_ns = decode.stamp_ns(raw.data, raw.log_ns) if decode else raw.log_ns
            yield stamp_ns, raw.log_ns, image_array(name, self.decode(name, raw.data))

    def image(self, topic: str, position: int) -> ImageArray:
        """One image by its position in file order; reads only the chunk that holds it.

        Raises:
            UnreadableError: no such image.
        """
        name = self._image_topic(topic)
        log_ns = self.times(name).log_ns
        if not -len(log_ns) <= position < len(log_ns):
            raise UnreadableError(f"{name} has {len(log_ns)} images; there is no image {position}")
        at_ns = int(log_ns[position])
        earlier_of_same_time = int((log_ns[: position % len(log_ns)] == at_ns).sum())
        for file, channel_ids in self._contents.sources(name):
            for raw in file.messages(channel_ids, log_ns=at_ns):
                if earlier_of_same_time == 0:
                    return image_array(name, self.decode(name, raw.data))
                earlier_of_same_time -= 1
        raise UnreadableError(f"{name}: image {position} is not where the file's index says")

    def aligned(
        self,
        fps: float,
        policy: Policy = "latest",
        streams: Sequence[str] | None = None,
        paced_by: Sequence[str] = (),
    ) -> Timeline:
        """Streams on one grid of `fps` steps a second, over sensor times.

        Args:
            fps: steps a second.
            policy: `latest` (causal) or `nearest`.
            streams: topics; all required streams with a nominal rate when absent, or all streams
                of sensors and actions where there is no manifest.
            paced_by: those of `streams` with about one message a step (see `timeline.align`).

        Raises:
            UnreadableError: a stream is missing, empty, or they do not overlap in time.
        """
        chosen = [self.topic(t) for t in streams] if streams else self._periodic()
        stamps_ns = {name: self.times(name).stamp_ns for name in chosen}
        return align(stamps_ns, fps, policy, [self.topic(name) for name in paced_by])

    def _periodic(self) -> list[str]:
        ledgers = (self.manifest or {}).get("streams")
        if ledgers:
            return [
                self.topic(name)
                for name, ledger in ledgers.items()
                if isinstance(ledger, dict) and ledger.get("required") and ledger.get("expected_hz")
            ]
        return [n for n, info in self.streams.items() if info.type in SAMPLED and info.count > 1]

    def _image_topic(self, topic: str) -> str:
        name = self.topic(topic)
        if self.streams[name].type not in IMAGE_TYPES:
            raise UnreadableError(f"{name} is a stream of {self.streams[name].type}, not of images")
        return name

    @property
    def _scanned(self) -> Scan:
        if self._scan is None:
            self.scan()
        assert self._scan is not None
        return self._scan


def _arrays(
    type_name: str, raw: Sequence[bytes], decode: Decoder
) -> tuple[tuple[str, ...], Values]:
    """Joint names and arrays of a stream, by the quickest way that fits its messages."""
    found = uniform(type_name, raw, decode.decode)
    if found is not None:
        return found
    if type_name not in REPETITIVE or not decode.has_header:
        return extract(type_name, [decode.decode(data) for data in raw])
    # Messages that differ in their stamps alone say the same.
    bodies = [data[STAMP_END:] for data in raw]
    first = {body: i for i, body in reversed(list(enumerate(bodies)))}
    distinct = sorted(first.values())
    place = {bodies[i]: n for n, i in enumerate(distinct)}
    names, values = extract(type_name, [decode.decode(raw[i]) for i in distinct])
    rows = np.array([place[body] for body in bodies], dtype=np.int64)
    return names, {key: column[rows] for key, column in values.items()}
