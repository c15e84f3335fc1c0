"""The recorder's core: one episode at a time, from start request to published folder.

The ROS node (or a test) drives it: `offer` for each raw message, `must_stop` often, and the
commands `start`, `stop`, `discard`, `label`. It never imports a device and knows no robot's name.
Commands may come from any thread; `offer` returns at once and never touches the disk.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from teleop_collect.clock import NS_PER_S, Clock, UtcAnchor
from teleop_collect.errors import ConfigError
from teleop_collect.provenance.manifest import Termination, read_manifest
from teleop_collect.recording.current_episode import CurrentEpisode
from teleop_collect.recording.episode_opening import EpisodeOpening
from teleop_collect.recording.episode_plan import LABEL_RECORD, Label
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.finishing import finish, leave_to_salvage, set_aside, throw_away
from teleop_collect.recording.image_codecs import encoders_of
from teleop_collect.recording.intake import Intake
from teleop_collect.recording.interrupted import InterruptedEpisodes
from teleop_collect.recording.labels import label_finished
from teleop_collect.recording.live_judge import live_judge
from teleop_collect.recording.live_ledger import LiveLedger, LiveStream
from teleop_collect.recording.monitor import EpisodeMonitor
from teleop_collect.recording.place import Place
from teleop_collect.recording.practice import Practice
from teleop_collect.recording.pre_roll import PreRoll
from teleop_collect.recording.preflight import RootLock, check_free_space
from teleop_collect.recording.progress import Progress
from teleop_collect.recording.queue import limits_of
from teleop_collect.recording.request import (
    EpisodeResult,
    StartRequest,
    check_request,
)
from teleop_collect.recording.rig_documents import (
    RigDocument,
    RigSource,
    descriptions_in,
    rig_documents,
)
from teleop_collect.recording.salvage import SalvageReport
from teleop_collect.recording.session import Command, Session, State
from teleop_collect.rig.data_rate import PRE_ROLL_SHARE
from teleop_collect.rig.predicates.names import names_of
from teleop_collect.topics import Stream

__all__ = ["EpisodeRecorder", "EpisodeResult", "StartRequest"]


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
        MissingExtraError: a stream's codec needs a library that is not installed.
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
        self._fs = file_system or FileSystem()
        attached = tuple(rig_documents(source) if documents is None else documents)
        self._opening = EpisodeOpening(
            source,
            root,
            attached,
            software,
            self._streams,
            clock,
            self._fs,
            encoders_of(self._streams.values()),
        )
        self._names = names_of(source.rig, descriptions_in(attached))
        settings = source.rig.recording
        pre_roll = PreRoll(
            round(settings.pre_roll_s * NS_PER_S),
            int(PRE_ROLL_SHARE * settings.queue_bytes),
            limits_of(list(self._streams.values()), settings.queue_bytes),
        )
        self._intake = Intake(self._streams, pre_roll)
        self._live = LiveLedger(self._streams, self._intake.counts)
        self._session = Session()
        self._current: CurrentEpisode | None = None
        self._practice: Practice | None = None
        self._last: EpisodeResult | None = None
        self._last_fault: str | None = None
        self._monitor = EpisodeMonitor(self._streams, clock, settings.max_episode_s)
        self._commands = threading.RLock()
        self._lock = RootLock(root)
        self.progress = Progress(root)
        """Finished episodes of the root by task."""
        self.interrupted = InterruptedEpisodes(root, self._fs, self._recovered, self._left)
        """What earlier recorders left unfinished; rests while an episode is recorded."""

    @property
    def state(self) -> State:
        """Where the recorder is in an episode's life."""
        return self._session.state

    @property
    def is_recording(self) -> bool:
        """Whether offered messages are recorded."""
        return self._current is not None and self.state is State.RECORDING

    @property
    def is_practising(self) -> bool:
        """Whether an episode runs of which nothing is kept."""
        return self._practice is not None

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
        """What is wrong with the disk, until the next start; None while all is well."""
        current = self._current
        return self._last_fault if current is None else current.open.error

    @property
    def troubled(self) -> tuple[list[str], list[str]]:
        """Topics that are silent, and topics that lose messages; of the running episode."""
        current = self._current
        return ([], []) if current is None else (current.watch.silent, current.watch.losing)

    def start(self, request: StartRequest) -> str:
        """Begin an episode; returns its id.

        Raises:
            BusyError: an episode is being recorded or finished.
            ConfigError: unknown task or unusable text; the root cannot be written.
            CheckFailed: the rig check does not allow it, or too little disk is free.
        """
        with self._commands:
            self._session.check(Command.START)
            task = check_request(
                request, self._source.rig, self._source.sha256, self._clock.utc_ns()
            )
            if request.practice:
                return self._start_practice()
            settings = self._source.rig.recording
            warning = check_free_space(self._root, settings.min_free_bytes, self._fs)
            anchor = UtcAnchor.now(self._clock)
            self.interrupted.hold()
            started_ns = self._intake.hold(anchor.utc_ns(self._clock.monotonic_ns()))
            try:
                judge = live_judge(task, self._source.rig, self._names, self._streams, started_ns)
                episode = self._opening.open(request, task, started_ns)
            except BaseException:
                self._intake.let_go()
                self.interrupted.go_on()
                raise
            episode_id = episode.place.episode_id
            self._session.apply(Command.START, episode_id)
            self._last = self._last_fault = None
            self._current = CurrentEpisode(episode, judge, request.notes, self._clock, anchor)
            self._monitor.current, self._monitor.episode_id = self._current, episode_id
            self._intake.connect(self._current)
            if warning is not None:
                self._monitor.say("disk_low", message=warning)
            return episode_id

    def _start_practice(self) -> str:
        practice = Practice(self._clock, self._source.rig.recording.max_episode_s)
        self._session.apply(Command.START, practice.name)
        self._last, self._practice = None, practice
        return practice.name

    def end_practice(self) -> str:
        """Stop or discard the practice episode; nothing of it is kept. Returns its name.

        Raises:
            ConfigError: nobody practises.
        """
        with self._commands:
            if self._practice is None:
                raise ConfigError("nobody practises; start an episode with the parameter practice")
            name, self._practice = self._practice.name, None
            self._session.apply(Command.DISCARD)
            return name

    def offer(
        self,
        topic: str,
        data: bytes,
        receive_ns: int,
        source_ns: int | None = None,
        publication_sequence: int | None = None,
        publisher: bytes | None = None,
    ) -> None:
        """Take one raw message; between episodes only its number (and the pre-roll) is kept.

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
        self._intake.offer(topic, data, receive_ns, source_ns, publication_sequence, publisher)

    def anchored_ns(self, wall_ns: int) -> int:
        """Take out of a wall-clock time (UTC ns) what the clock has stepped since the start."""
        current = self._current
        return wall_ns if current is None else current.anchored_ns(wall_ns)

    def must_stop(self) -> Termination | None:
        """Whether the episode must end by itself, and why; to be asked several times a second."""
        if self._practice is not None:
            return "timeout" if self._practice.is_over else None
        current = self._current
        return self._monitor.must_stop(current) if current and self.is_recording else None

    def event(self, kind: str, **fields: Any) -> str:
        """JSON text for the topic `episode/event`; records nothing by itself."""
        return self._monitor.text(kind, **fields)

    def report(self, kind: str, **fields: Any) -> None:
        """Have an event published of something that was noticed outside; from any thread."""
        self._monitor.say(kind, **fields)

    def watch_streams(self) -> None:
        """Look for silent and losing streams; to be asked several times a second."""
        if (current := self._current) is not None and self.is_recording:
            self._monitor.watch_streams(current)

    def live_streams(self) -> list[LiveStream]:
        """Every stream's rate and ledger as they are now."""
        current = self._current
        now_ns = self._clock.monotonic_ns()
        if current is None:
            return self._live.read(now_ns, None)
        return self._live.read(now_ns, current.open.ledgers, round(current.age_s() * NS_PER_S))

    def take_events(self) -> list[str]:
        """JSON texts of dropouts, silences, clock steps and faults since the last call."""
        return self._monitor.take()

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
            if self._practice is not None:
                return self._practice.name
            if self._current is not None:
                self._current.operator_label = success
                self._current.reason = reason
                self._current.open.note(LABEL_RECORD, Label(success, reason or "").values())
            elif self._last is None:
                raise ConfigError(f"episode {self.episode_id} was not finished; salvage it first")
            else:
                label_finished(self._last, success, reason, self._clock, self._fs)
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
            self._intake.disconnect()
            ended_ns = current.now_ns()
            try:
                manifest = finish(
                    current, termination, ended_ns, self._streams, self._monitor.say_left
                )
            except OSError as error:
                raise leave_to_salvage(current.open, error) from None
            finally:
                self._monitor.note_dropouts(current, final=True)
                self._last_fault = current.open.error
                self._current = self._monitor.current = None
                self._session.apply(Command.FINISHED)
                self.interrupted.go_on()
            seconds = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
            self._last = EpisodeResult(current.open.place.final, manifest, seconds)
            self.progress.add(manifest)
            return self._last

    def undo(self) -> Path:
        """Move the last finished episode to `<root>/discarded`; returns its new folder.

        Raises:
            ConfigError: no episode was finished since the start, or it was undone already.
            BusyError: an episode is being recorded or finished.
            CheckFailed: it could not be moved.
        """
        with self._commands:
            self._session.check(Command.UNDO)
            if self._last is None:
                raise ConfigError("there is no finished episode to undo")
            last = self._last
            try:
                return set_aside(last, self._fs)
            finally:
                if not last.path.exists():
                    self._session.apply(Command.UNDO)
                    self._last = None
                    self.progress.remove(last.manifest)

    def discard(self) -> str:
        """Stop and throw the running episode away; returns its id.

        Raises:
            ConfigError: nothing is being recorded.
            BusyError: it is already being finished.
            CheckFailed: its folder could not be removed.
        """
        with self._commands:
            self._session.check(Command.DISCARD)
            if self._practice is not None:
                return self.end_practice()
            assert self._current is not None
            episode, episode_id = self._current.open, str(self.episode_id)
            self._intake.disconnect()
            self._current = self._monitor.current = None
            self._session.apply(Command.DISCARD)
            try:
                throw_away(episode, self._monitor.say_left)
            finally:
                self.interrupted.go_on()
            return episode_id

    def _recovered(self, report: SalvageReport) -> None:
        self.progress.add(read_manifest(report.output))
        place, messages = report.output, report.messages
        self._monitor.say("salvaged", episode=place.name, messages=messages, path=str(place))

    def _left(self, place: Place, message: str) -> None:
        self._monitor.say("not_salvaged", episode=place.episode_id, message=message)

    def close(self) -> EpisodeResult | None:
        """Finish a running episode (as stopped) and let others use the root; safe to call twice."""
        with self._commands:
            try:
                if self._practice is not None:
                    self.end_practice()
                return self.stop() if self._session.state is State.RECORDING else None
            finally:
                self.interrupted.close()
                self._lock.close()
