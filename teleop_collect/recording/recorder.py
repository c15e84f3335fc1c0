"""The recorder's core: one episode at a time, from start request to published folder.

The ROS node (or a test) drives it: `offer` for each raw message, `must_stop` often, and the
commands `start`, `stop`, `discard`, `label`. It never imports a device and knows no robot's name.
Commands may come from any thread; `offer` returns at once and never touches the disk.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from teleop_collect.clock import NS_PER_S, Clock, UtcAnchor
from teleop_collect.errors import BusyError, CheckFailed, ConfigError
from teleop_collect.provenance.manifest import Manifest, Termination, iso_utc
from teleop_collect.recording.current_episode import CurrentEpisode
from teleop_collect.recording.episode_file import FileSystem
from teleop_collect.recording.episode_plan import (
    EpisodeEnd,
    draft_manifest,
    final_manifest,
    new_episode_id,
    started_at,
)
from teleop_collect.recording.labels import append_label
from teleop_collect.recording.messages import message_definition
from teleop_collect.recording.open_episode import OpenEpisode, Place
from teleop_collect.recording.preflight import RootLock, check_free_space
from teleop_collect.recording.queue import Dropout
from teleop_collect.recording.request import (
    EpisodeResult,
    StartRequest,
    check_request,
    rig_check_json,
)
from teleop_collect.recording.rig_documents import RigDocument, RigSource, rig_documents
from teleop_collect.recording.salvage import salvage_in_progress
from teleop_collect.recording.session import Command, Session, State
from teleop_collect.rig.config import Task
from teleop_collect.topics import Stream

__all__ = ["EpisodeRecorder", "EpisodeResult", "StartRequest"]

DRAIN_TIMEOUT_S = 30.0


class EpisodeRecorder:
    """Records episodes into one dataset root.

    Args:
        source: the rig and its file.
        root: dataset root; created when missing and locked until `close`.
        clock: times and ages.
        streams: what to record, by absolute topic.
        software: `version`, `commit`, `ros_distro`, `rmw`.
        documents: attachments; the rig file and its URDFs when None.
        file_system: calls to use.

    Raises:
        BusyError: another recorder uses the root.
        ConfigError: the root cannot be written, or a URDF cannot be found.
    """

    def __init__(
        self,
        source: RigSource,
        root: Path,
        clock: Clock,
        streams: Mapping[str, Stream],
        software: Mapping[str, str],
        documents: Sequence[RigDocument] | None = None,
        file_system: FileSystem | None = None,
    ) -> None:
        self._source = source
        self._root = root
        self._clock = clock
        self._streams = dict(streams)
        self._software = software
        self._documents = tuple(rig_documents(source) if documents is None else documents)
        self._fs = file_system or FileSystem()
        for stream in self._streams.values():
            # Looked up now, because the first look-up is slow.
            message_definition(stream.type)
        self._session = Session()
        self._current: CurrentEpisode | None = None
        self._last: EpisodeResult | None = None
        self._events: list[str] = []
        self._commands = threading.RLock()
        self._lock = RootLock(root)

    @property
    def state(self) -> State:
        """Where the recorder is in an episode's life."""
        return self._session.state

    @property
    def is_recording(self) -> bool:
        """Whether offered messages are recorded."""
        return self._current is not None

    @property
    def episode_id(self) -> str | None:
        """The episode being recorded, or the last one."""
        return self._session.episode_id

    @property
    def root(self) -> Path:
        """Dataset root."""
        return self._root

    @property
    def queue_bytes(self) -> int:
        """Payload bytes waiting to be written."""
        current = self._current
        return 0 if current is None else current.open.queue.bytes

    @property
    def fault(self) -> str | None:
        """What is wrong with the disk; None while all is well."""
        current = self._current
        return None if current is None else current.open.error

    def start(self, request: StartRequest) -> str:
        """Begin an episode; returns its id.

        Raises:
            BusyError: an episode is being recorded or finished.
            ConfigError: unknown task or unusable text; the root cannot be written.
            CheckFailed: the rig check does not allow it, or too little disk is free.
        """
        with self._commands:
            self._session.check(Command.START)
            now_ns = self._clock.utc_ns()
            task = check_request(request, self._source.rig, self._source.sha256, now_ns)
            settings = self._source.rig.recording
            check_free_space(self._root, settings.min_free_bytes, self._fs)
            anchor = UtcAnchor.now(self._clock)
            started_ns = anchor.utc_ns(self._clock.monotonic_ns())
            episode_id = new_episode_id(self._source.rig.name, started_ns)
            episode = self._open(episode_id, request, task, started_ns)
            self._session.apply(Command.START, episode_id)
            self._last = None
            current = CurrentEpisode(episode, task, request.notes, self._clock, anchor)
            # Preparing the file took a moment in which nothing could be received.
            episode.manifest = started_at(episode.manifest, current.now_ns())
            self._current = current
            return episode_id

    def _open(
        self, episode_id: str, request: StartRequest, task: Task, started_ns: int
    ) -> OpenEpisode:
        documents = list(self._documents)
        if request.rig_check is not None:
            report = rig_check_json(request.rig_check)
            documents.append(RigDocument("rig_check.json", "application/json", report))
        draft = draft_manifest(
            episode_id,
            request,
            task,
            self._source,
            self._documents,
            self._software,
            self._streams,
            started_ns,
        )
        try:
            return OpenEpisode(
                Place(self._root, episode_id),
                draft,
                self._streams,
                request.offered_qos,
                documents,
                self._source.rig.recording,
                self._clock,
                self._fs,
            )
        except OSError as error:
            raise ConfigError(
                f"cannot write to the dataset root {self._root}: {error.strerror or error};"
                " check its permissions and its disk"
            ) from None

    def offer(
        self,
        topic: str,
        data: bytes,
        receive_ns: int,
        source_ns: int | None = None,
        publication_sequence: int | None = None,
        publisher: bytes | None = None,
    ) -> None:
        """Record one raw message; does nothing between episodes.

        Args:
            topic: absolute name, one of the recorder's streams.
            data: CDR bytes; kept, not copied.
            receive_ns: UTC on the monotonic clock (see `anchored_ns`).
            source_ns: when the publisher sent it, UTC ns; None when unknown.
            publication_sequence: the publisher's count; None when it cannot be told apart.
            publisher: the publisher's identity; None when the middleware does not tell.

        Raises:
            ConfigError: the recorder has no such stream.
        """
        current = self._current
        if current is None:
            return
        number = current.open.numbers.get(topic)
        if number is None:
            raise ConfigError(f"topic {topic} is not one of the recorded streams")
        current.poses.observe(topic, data, receive_ns)
        current.open.offer(number, data, receive_ns, source_ns, publication_sequence, publisher)

    def anchored_ns(self, wall_ns: int) -> int:
        """Take out of a wall-clock time (UTC ns) what the clock has stepped since the start."""
        current = self._current
        return wall_ns if current is None else current.anchored_ns(wall_ns)

    def must_stop(self) -> Termination | None:
        """Whether the episode must end by itself, and why; to be asked several times a second."""
        current = self._current
        if current is None:
            return None
        if (step_ms := current.watch_clock()) is not None:
            self._events.append(self.event("clock_step", step_ms=step_ms))
        if current.open.error is not None:
            if not current.fault_told:
                current.fault_told = True
                self._events.append(self.event("fault", message=current.open.error))
            return "fault"
        if current.age_s() > self._source.rig.recording.max_episode_s:
            return "timeout"
        return None

    def event(self, kind: str, **fields: Any) -> str:
        """JSON text for the topic `episode/event`; records nothing by itself."""
        current = self._current
        at_ns = self._clock.utc_ns() if current is None else current.now_ns()
        head = {"kind": kind, "episode_id": self.episode_id, "at": iso_utc(at_ns), "at_ns": at_ns}
        return json.dumps(head | fields)

    def take_events(self) -> list[str]:
        """JSON texts of dropouts, clock steps and faults since the last call."""
        current = self._current
        if current is not None:
            self._note_dropouts(current.open.queue.take_dropouts())
        events, self._events = self._events, []
        return events

    def _note_dropouts(self, dropouts: list[Dropout]) -> None:
        topics = list(self._streams)
        for dropout in dropouts:
            self._events.append(
                self.event(
                    "dropout",
                    topic=topics[dropout.stream],
                    count=dropout.count,
                    first_ns=dropout.first_ns,
                    last_ns=dropout.last_ns,
                )
            )

    def label(self, success: bool, reason: str | None = None) -> str:
        """Say whether the task worked: of the running episode, or afterwards of the last one.

        Returns:
            The id of the episode that was labelled.

        Raises:
            ConfigError: there is no episode yet.
            BusyError: it is just being finished.
            OSError: the label could not be stored.
        """
        with self._commands:
            self._session.apply(Command.LABEL)
            if self._current is not None:
                self._current.operator_label = success
                self._current.reason = reason
            elif self._last is None:
                raise ConfigError(f"episode {self.episode_id} was not finished; salvage it first")
            else:
                append_label(
                    self._last.path,
                    success,
                    self._last.manifest.operator,
                    reason,
                    clock=self._clock,
                    file_system=self._fs,
                )
            return str(self.episode_id)

    def stop(self, termination: Termination = "stopped") -> EpisodeResult:
        """Finish the episode and publish its folder.

        Args:
            termination: why; a disk fault found meanwhile overrides it.

        Raises:
            ConfigError: nothing is being recorded.
            BusyError: it is already being finished.
            CheckFailed: the disk did not let it be finished; the message says where its data are.
        """
        with self._commands:
            self._session.apply(Command.STOP)
            assert self._current is not None
            current, began_ns = self._current, self._clock.monotonic_ns()
            ended_ns = current.now_ns()
            try:
                manifest = self._finish(current, termination, ended_ns)
            except OSError as error:
                raise self._unfinished(current, error) from None
            finally:
                self._current = None
                self._session.apply(Command.FINISHED)
            seconds = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
            self._last = EpisodeResult(current.open.place.final, manifest, seconds)
            return self._last

    def _unfinished(self, current: CurrentEpisode, error: OSError) -> CheckFailed:
        """Leave the episode to salvage; returns what to tell the person."""
        place, cause = current.open.place, error.strerror or error
        with suppress(OSError):
            current.open.abandon()
        if place.final.exists():
            return CheckFailed(f"episode {place.episode_id} may not be safe on the disk: {cause}")
        return CheckFailed(
            f"episode {place.episode_id} could not be finished: {cause}; its data are in"
            f" {place.in_progress}; make room or change the disk, then run:"
            f" teleop-collect salvage {place.in_progress}"
        )

    def _finish(self, current: CurrentEpisode, termination: Termination, ended_ns: int) -> Manifest:
        episode = current.open
        if not episode.drain(DRAIN_TIMEOUT_S):
            raise OSError(f"the disk did not answer for {DRAIN_TIMEOUT_S:g} s")
        self._note_dropouts(episode.queue.take_dropouts(final=True))
        end = EpisodeEnd(
            ended_ns=ended_ns,
            termination="fault" if episode.error else termination,
            outcome=current.outcome(ended_ns),
            clock_steps=current.clock_steps,
        )
        ledgers = episode.ledgers
        return episode.finish(final_manifest(episode.manifest, end, self._streams, ledgers))

    def discard(self) -> str:
        """Stop and throw the running episode away; returns its id.

        Raises:
            ConfigError: nothing is being recorded.
            BusyError: it is already being finished.
            CheckFailed: its folder could not be removed.
        """
        with self._commands:
            self._session.check(Command.DISCARD)
            assert self._current is not None
            episode, episode_id = self._current.open, str(self.episode_id)
            self._current = None
            self._session.apply(Command.DISCARD)
            if not episode.drain(DRAIN_TIMEOUT_S):
                raise CheckFailed(f"the disk does not answer; {episode.place.in_progress} remains")
            try:
                episode.remove()
            except OSError as error:
                raise CheckFailed(
                    f"cannot remove {episode.place.in_progress}: {error.strerror or error}"
                ) from None
            return episode_id

    def salvage_interrupted(self) -> list[Path]:
        """Recover episodes that an earlier process left unfinished; returns their new folders."""
        with self._commands:
            if self._session.state is not State.IDLE:
                raise BusyError("cannot salvage while an episode is being recorded; stop it first")
            return salvage_in_progress(self._root)

    def close(self) -> EpisodeResult | None:
        """Finish a running episode (as stopped) and let others use the root; safe to call twice."""
        with self._commands:
            try:
                return self.stop() if self._session.state is State.RECORDING else None
            finally:
                self._lock.close()
