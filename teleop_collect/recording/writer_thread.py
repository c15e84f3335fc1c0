"""The one thread that writes: queue -> chunks -> file, with bounded age of what is not yet there.

An error never raises out of the thread. It latches `error`, and from then on messages are counted
as lost instead of written, so that the episode can still be finished with what is there. The spare
space stays reserved until then, or somebody else might fill it meanwhile.
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.errors import UnreadableError
from teleop_collect.recording.episode_file import EpisodeFile
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.image_codecs import Encode
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.recording.mcap_writer import MAX_MESSAGE_BYTES, McapWriter
from teleop_collect.recording.queue import QueuedMessage, RecordingQueue
from teleop_collect.recording.sync_thread import SyncThread

IDLE_WAIT_S = 0.02
# Disk kept free for the end of the file; grows with the summary.
SPARE_BYTES = 8 << 20


@dataclass(frozen=True)
class Complaint:
    """Why a message cannot be written.

    Attributes:
        stream: its number.
        kind: `codec`: an image that the stream's codec is not for; `too_large`: no reader of this
            package would take it.
        text: for a person.
    """

    stream: int
    kind: str
    text: str


@dataclass(frozen=True)
class WriteSettings:
    """How long data may stay unwritten and unsynced.

    Attributes:
        chunk_age_s: a chunk closes at this age at the latest.
        fsync_s: time between fsyncs.
        floor_bytes: recording stops when less than this is free on the disk.
    """

    chunk_age_s: float
    fsync_s: float
    floor_bytes: int


class WriterThread:
    """Writes one episode's messages until stopped.

    Args:
        queue: where messages come from.
        writer: open MCAP writer whose channel ids are stream numbers + 1.
        file: the writer's sink.
        ledgers: by stream number; `written` and `dropped_unwritten` are kept up to date here.
        settings: ages and limits.
        clock: for ages.
        file_system: calls to use.
        encoders: compress the images of streams, by number, before they are written.
    """

    def __init__(
        self,
        queue: RecordingQueue,
        writer: McapWriter,
        file: EpisodeFile,
        ledgers: Sequence[StreamLedger],
        settings: WriteSettings,
        clock: Clock,
        file_system: FileSystem,
        encoders: Mapping[int, Encode],
    ) -> None:
        self._queue = queue
        self._writer = writer
        self._file = file
        self._ledgers = ledgers
        self._clock = clock
        self._fs = file_system
        self._encoders = encoders
        self._complained: set[tuple[int, str]] = set()
        self._complaints: deque[Complaint] = deque()
        self._floor_bytes = settings.floor_bytes
        self._chunk_age_ns = round(settings.chunk_age_s * NS_PER_S)
        self._fsync_s = settings.fsync_s
        self._chunk_opened_ns = 0
        self._sync: SyncThread
        self._notes: deque[tuple[str, Mapping[str, str]]] = deque()
        self._stop = threading.Event()
        self.error: str | None = None
        """What went wrong with the disk; None while all is well."""
        self._thread = threading.Thread(target=self._run, name="episode-writer", daemon=True)

    def start(self) -> None:
        """Begin writing."""
        self._sync = SyncThread(self._file, self._fsync_s, self._clock)
        self._thread.start()

    def note(self, name: str, values: Mapping[str, str]) -> None:
        """Have a metadata record written soon, at the latest before the end."""
        self._notes.append((name, values))

    def take_complaints(self) -> list[Complaint]:
        """Why messages could not be written, once for each stream and reason."""
        return [self._complaints.popleft() for _ in range(len(self._complaints))]

    def stop(self, timeout_s: float) -> bool:
        """Write what is queued, then end; False when the disk did not let it end in time."""
        self._queue.close()
        self._stop.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            stopping = self._stop.is_set()
            batch = self._queue.take()
            self._guarded(batch)
            if not batch:
                if stopping:
                    break
                self._stop.wait(IDLE_WAIT_S)
        self._guarded([], last=True)
        self._end_sync()

    def _guarded(self, batch: list[QueuedMessage], *, last: bool = False) -> None:
        """Write a batch and what is due; on failure count all that is lost and latch the error."""
        written = 0
        try:
            if self.error is None:
                for message in batch:
                    self._add(message)
                    written += 1
                self._do_what_is_due(last=last)
        except Exception as error:
            # Not OSError alone: a thread that dies would lose messages without counting them.
            self._latch(error)
            for channel, count in self._writer.drop_chunk().items():
                self._ledgers[channel - 1].dropped_unwritten += count
        for channel, count in self._writer.counts.items():
            self._ledgers[channel - 1].written = count
        if self.error is not None:
            for message in batch[written:]:
                self._ledgers[message[0]].dropped_unwritten += 1

    def _latch(self, error: Exception) -> None:
        cause = getattr(error, "strerror", None) or error
        self.error = f"{cause} while writing {self._file.path}"

    def _end_sync(self) -> None:
        try:
            self._sync.end()
        except OSError as error:
            if self.error is None:
                self._latch(error)

    def _add(self, message: QueuedMessage) -> None:
        stream, receive_ns, publish_ns, sequence, data = message
        if (encode := self._encoders.get(stream)) is not None:
            try:
                data = encode(data)
            except UnreadableError as error:
                self._give_up(stream, "codec", str(error))
                return
        if len(data) > MAX_MESSAGE_BYTES:
            text = f"a message of {len(data)} bytes is over the limit of {MAX_MESSAGE_BYTES}"
            self._give_up(stream, "too_large", text)
            return
        if not self._writer.open_messages:
            self._chunk_opened_ns = self._clock.monotonic_ns()
        self._writer.add_message(stream + 1, receive_ns, publish_ns, sequence, data)

    def _give_up(self, stream: int, kind: str, text: str) -> None:
        """A message that cannot be written is lost, and the episode goes on."""
        self._ledgers[stream].dropped_unwritten += 1
        if (stream, kind) not in self._complained:
            self._complained.add((stream, kind))
            self._complaints.append(Complaint(stream, kind, text))

    def _do_what_is_due(self, *, last: bool) -> None:
        while self._notes:
            self._writer.add_metadata(*self._notes.popleft())
        now_ns = self._clock.monotonic_ns()
        if last or now_ns - self._chunk_opened_ns >= self._chunk_age_ns:
            self._writer.close_chunk()
        if not last and self._sync.is_due(now_ns):
            self._writer.close_chunk()
            self._sync.begin()
            self._watch_disk()

    def _watch_disk(self) -> None:
        self._file.reserve(max(SPARE_BYTES, 2 * self._writer.summary_bytes))
        free = self._fs.free_bytes(self._file.path.parent)
        if free < self._floor_bytes:
            raise OSError(
                f"disk nearly full ({free >> 20} MiB free, floor {self._floor_bytes >> 20} MiB)"
            )
