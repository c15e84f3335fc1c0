"""What an operator can ask of the recorder: start, stop, discard, undo, label."""

import time
from collections.abc import Callable
from typing import Any

from std_srvs.srv import SetBool, Trigger

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.errors import CheckFailed, TeleopCollectError
from teleop_collect.nodes.episode_topics import EpisodeTopics
from teleop_collect.nodes.host import Host, answering
from teleop_collect.nodes.recorder_parameters import RecorderParameters
from teleop_collect.nodes.stream_intake import StreamIntake
from teleop_collect.provenance.manifest import Termination
from teleop_collect.recording.recorder import EpisodeRecorder, StartRequest
from teleop_collect.rig.config import Rig

LAST_EVENT_TIMEOUT_S = 0.2
"""How long a stop waits for its own event to come round, so that it stands in the file."""
POLL_S = 0.002
LOGGED = ("salvaged", "not_salvaged")
"""Events that come when nobody may listen yet."""


class RecorderServices:
    """Serves commands and says on the latched topics what came of them.

    Args:
        host: the node and the lock of the loop that drains.
        rig: its tasks and their targets.
        core: does what is asked.
        intake: drained at the borders of an episode.
        parameters: of the next episode.
        request: makes the request to start from the parameters.
    """

    def __init__(
        self,
        host: Host,
        rig: Rig,
        core: EpisodeRecorder,
        intake: StreamIntake,
        parameters: RecorderParameters,
        request: Callable[[], StartRequest],
    ) -> None:
        self._host = host
        self._rig = rig
        self._core = core
        self._intake = intake
        self._parameters = parameters
        self._request = request
        self._topics = EpisodeTopics(host.node)
        self._topics.idle(self._progress())
        for name, command in (
            (topics.START_EPISODE, self._start),
            (topics.STOP_EPISODE, self._stop),
            (topics.DISCARD_EPISODE, self._discard),
            (topics.UNDO_EPISODE, self._undo),
        ):
            host.node.create_service(Trigger, name, answering(_ignoring_request(command)))
        host.node.create_service(SetBool, topics.LABEL_SUCCESS, answering(self._label))

    def publish_events(self) -> None:
        """Tell what the core has noticed."""
        for event in self._core.take_events():
            self._topics.event(event)
            if any(f'"kind": "{kind}"' in event for kind in LOGGED):
                self._host.node.get_logger().warning(event)

    def end_by_itself(self, termination: Termination) -> None:
        """Finish an episode that nobody has stopped."""
        try:
            self._end_practice() if self._core.is_practising else self._finish(termination)
        except TeleopCollectError as error:
            # A stop that came first has finished it.
            self._host.node.get_logger().error(str(error))

    def _start(self) -> str:
        with self._host.lock:
            request = self._request()
            self._intake.drain()  # what came before the start does not belong to the episode
            latched = self._intake.last
        # Streams are drained meanwhile; the core keeps what belongs to the episode.
        episode_id = self._core.start(request)
        if not request.practice:
            with self._host.lock:
                self._intake.offer_latched(latched, SystemClock().utc_ns())
        self._topics.begin(request, episode_id, self._core.event("start"), self._progress())
        return episode_id

    def _progress(self) -> dict[str, Any]:
        """How many episodes of the next task there are, and how many are wanted."""
        task_id = self._parameters.task_id
        task = self._rig.tasks.get(task_id)
        return {
            "next_task_id": task_id,
            "episodes": self._core.progress.count(task_id),
            "target_episodes": task.target_episodes if task else None,
        }

    def _stop(self) -> str:
        if self._core.is_practising:
            return self._end_practice()
        if not self._core.is_recording:
            return self._finish("stopped")
        seen = self._intake.events_seen
        self._topics.event(self._core.event("stop"))
        deadline = time.monotonic() + LAST_EVENT_TIMEOUT_S
        while self._intake.events_seen == seen and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return self._finish("stopped")

    def _end_practice(self) -> str:
        name = self._core.end_practice()
        self._topics.end(name, "practised", self._progress())
        return f"{name}: nothing was recorded"

    def _finish(self, termination: Termination) -> str:
        with self._host.lock:
            self._intake.drain()
        # Without the lock: streams are drained while the file is closed.
        try:
            result = self._core.stop(termination)
        except CheckFailed as error:
            self._topics.end(self._core.episode_id, f"lost: {error}", self._progress())
            raise
        log = self._host.node.get_logger()
        log.info(f"{result.path.name}: {termination}, closed in {result.seconds * 1e3:.0f} ms")
        why = result.manifest.termination
        self._topics.end(result.path.name, why, self._progress(), str(result.path))
        return str(result.path)

    def _discard(self) -> str:
        episode_id = self._core.discard()
        self._topics.end(episode_id, "discarded", self._progress())
        return episode_id

    def _undo(self) -> str:
        folder = self._core.undo()
        self._topics.end(folder.name, "undone", self._progress(), str(folder))
        return str(folder)

    def _label(self, request: SetBool.Request) -> str:
        success, reason = bool(request.data), self._parameters.label_reason
        episode_id = self._core.label(success, reason)
        why = {} if reason is None else {"reason": reason}
        self._topics.event(self._core.event("label", success=success, **why))
        return episode_id


def _ignoring_request(command: Callable[[], str]) -> Callable[[Any], str]:
    """A command that needs nothing from its request."""
    return lambda _: command()
