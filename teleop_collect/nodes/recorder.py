"""Node `recorder`: from the rig's topics to one durable folder an episode.

The main thread drains every stream each few milliseconds and hands the bytes on; nothing is
deserialised, compressed or written in it. Services only ask the core.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

from std_srvs.srv import SetBool, Trigger

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.errors import CheckFailed, TeleopCollectError
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.episode_topics import EpisodeTopics
from teleop_collect.nodes.gate import RigGate
from teleop_collect.nodes.host import Host, answering, run_node
from teleop_collect.nodes.polling import Taken
from teleop_collect.nodes.recorder_parameters import RecorderParameters
from teleop_collect.nodes.recorder_rows import rows_of
from teleop_collect.nodes.software import software_versions
from teleop_collect.nodes.stream_readers import readers_of
from teleop_collect.process import prefer_data
from teleop_collect.provenance.manifest import Termination
from teleop_collect.recording.recorder import EpisodeRecorder
from teleop_collect.rig.streams import streams_of

DRAIN_HZ = 200.0
WATCH_TICKS = 20
"""Drains between two looks for silent and losing streams: 0.1 s."""
REFRESH_S = 0.5
"""How often the graph is asked who publishes."""
LAST_EVENT_TIMEOUT_S = 0.2
"""How long a stop waits for its own event to come round, so that it stands in the file."""


class RecorderNode:
    """Drains, offers, answers; all rules live in the core."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loaded = host.rig()
        self._parameters = RecorderParameters(host, self._loaded.rig)
        self._clock = SystemClock()
        self._gate = RigGate(host, self._loaded)
        self._readers = readers_of(host.node, streams_of(self._loaded.rig))
        self._core = EpisodeRecorder(
            self._loaded,
            self._parameters.root,
            self._clock,
            {reader.topic: reader.stream for reader in self._readers},
            software_versions(),
        )
        for folder in self._core.salvage_interrupted():
            host.node.get_logger().warning(f"salvaged an interrupted episode: {folder}")
        self._topics = EpisodeTopics(host.node)
        self._events_seen = 0
        self._arm_fault = False
        self._ending: threading.Thread | None = None
        self._topics.idle(self._progress())
        self._serve()
        self._refresh()
        host.node.create_timer(REFRESH_S, self._refresh)
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def _serve(self) -> None:
        node = self._host.node
        node.create_service(Trigger, topics.START_EPISODE, answering(lambda _: self._start()))
        node.create_service(Trigger, topics.STOP_EPISODE, answering(lambda _: self._stop()))
        node.create_service(Trigger, topics.DISCARD_EPISODE, answering(lambda _: self._discard()))
        node.create_service(Trigger, topics.UNDO_EPISODE, answering(lambda _: self._undo()))
        node.create_service(SetBool, topics.LABEL_SUCCESS, answering(self._label))

    def _refresh(self) -> None:
        with self._host.lock:
            for reader in self._readers:
                reader.refresh()

    def run(self) -> None:
        """Drain until the stop."""
        loop = PacedLoop(DRAIN_HZ, self._clock)
        ticks = 0
        while not self._host.stop.is_set:
            loop.wait()
            ticks += 1
            with self._host.lock:
                self._drain()
                reason = self._must_stop()
            if ticks % WATCH_TICKS == 0:
                self._core.watch_streams()
            for event in self._core.take_events():
                self._topics.event(event)
            if reason is not None and self._ending is None:
                # Not here: closing takes a moment, and other streams go on meanwhile.
                self._ending = threading.Thread(target=self._finish_by_itself, args=[reason])
                self._ending.start()

    def _finish_by_itself(self, reason: Termination) -> None:
        try:
            self._end_practice() if self._core.is_practising else self._finish(reason)
        except TeleopCollectError as error:
            # A stop that came first has finished it.
            self._host.node.get_logger().error(str(error))
        finally:
            self._ending = None

    def _must_stop(self) -> Termination | None:
        fault, self._arm_fault = self._arm_fault, False
        return "fault" if fault and self._core.is_recording else self._core.must_stop()

    def _drain(self) -> None:
        for reader in self._readers:
            countable = reader.is_sequence_countable
            is_event = reader.stream.topic == topics.EPISODE_EVENT
            for taken in reader.drain():
                if is_event:
                    self._on_event(taken.message)
                self._core.offer(
                    reader.topic,
                    taken.message,
                    self._core.anchored_ns(taken.received_ns),
                    taken.source_ns,
                    taken.publication_sequence if countable else None,
                )

    def _on_event(self, data: bytes) -> None:
        self._events_seen += 1
        event = self._topics.parse(data)
        if event.get("kind") == "teleop" and event.get("to") == "FAULT":
            self._arm_fault = True

    def _start(self) -> str:
        with self._host.lock:
            request = self._parameters.request(self._gate, self._readers)
            self._drain()  # what came before the start does not belong to the episode
            latched = {reader.topic: reader.last for reader in self._readers}
        # Streams are drained meanwhile; the core keeps what belongs to the episode.
        episode_id = self._core.start(request)
        if not request.practice:
            with self._host.lock:
                self._offer_latched(latched)
        self._topics.begin(request, episode_id, self._core.event("start"), self._progress())
        return episode_id

    def _progress(self) -> dict[str, Any]:
        """How many episodes of the next task there are, and how many are wanted."""
        task_id = self._parameters.task_id
        task = self._loaded.rig.tasks.get(task_id)
        return {
            "next_task_id": task_id,
            "episodes": self._core.progress.count(task_id),
            "target_episodes": task.target_episodes if task else None,
        }

    def _offer_latched(self, before: Mapping[str, Taken | None]) -> None:
        """Latched topics stand in every episode, whenever they were published.

        One that came since the start (`before` holds what was known then) is recorded already.
        """
        now_ns = self._clock.utc_ns()
        for reader in self._readers:
            last = reader.last
            if last is None or last is not before[reader.topic]:
                continue
            if not self._topics.is_own(reader.stream.topic):
                sequence = last.publication_sequence if reader.is_sequence_countable else None
                self._core.offer(reader.topic, last.message, now_ns, last.source_ns, sequence)

    def _stop(self) -> str:
        if self._core.is_practising:
            return self._end_practice()
        if not self._core.is_recording:
            return self._finish("stopped")
        seen = self._events_seen
        self._topics.event(self._core.event("stop"))
        deadline = time.monotonic() + LAST_EVENT_TIMEOUT_S
        while self._events_seen == seen and time.monotonic() < deadline:
            time.sleep(1.0 / DRAIN_HZ)
        return self._finish("stopped")

    def _end_practice(self) -> str:
        name = self._core.end_practice()
        self._topics.end(name, "practised", self._progress())
        return f"{name}: nothing was recorded"

    def _finish(self, termination: Termination) -> str:
        with self._host.lock:
            self._drain()
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
        success = bool(request.data)
        episode_id = self._core.label(success)
        self._topics.event(self._core.event("label", success=success))
        return episode_id

    def _rows(self) -> list[Row]:
        problems = [f"{r.topic}: {r.problem}" for r in self._readers if r.problem]
        return rows_of(self._core, problems)

    def close(self) -> None:
        """Finish a running episode; it is kept."""
        result = self._core.close()
        if result is not None:
            self._host.node.get_logger().info(f"{result.path.name}: finished on exit")


def main() -> int:
    """Entry point."""
    prefer_data()
    return run_node("recorder", RecorderNode)


if __name__ == "__main__":
    raise SystemExit(main())
