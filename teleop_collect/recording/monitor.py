"""Watches the running episode and collects what has to be said of it on `episode/event`."""

import json
from collections import deque
from collections.abc import Iterable
from typing import Any

from teleop_collect.clock import Clock
from teleop_collect.provenance.manifest import Termination, iso_utc
from teleop_collect.recording.current_episode import CurrentEpisode


class EpisodeMonitor:
    """Clock, disk, streams and age of one episode after another.

    Args:
        topics: absolute names by stream number.
        clock: stamps events between episodes.
        max_episode_s: an episode asks to be stopped at this age.
    """

    def __init__(self, topics: Iterable[str], clock: Clock, max_episode_s: float) -> None:
        self._topics = tuple(topics)
        self._clock = clock
        self._max_episode_s = max_episode_s
        self._texts: deque[str] = deque()
        self.current: CurrentEpisode | None = None
        """The episode that events are about; None between episodes."""
        self.episode_id: str | None = None

    def text(self, kind: str, **fields: Any) -> str:
        """JSON text of one event now."""
        current = self.current
        at_ns = self._clock.utc_ns() if current is None else current.now_ns()
        head = {"kind": kind, "episode_id": self.episode_id, "at": iso_utc(at_ns), "at_ns": at_ns}
        return json.dumps(head | fields)

    def say(self, kind: str, **fields: Any) -> None:
        """Have an event published; from any thread."""
        self._texts.append(self.text(kind, **fields))

    def say_left(self, queue_bytes: int) -> None:
        """A stop waits for the disk."""
        self.say("finishing", queue_bytes=queue_bytes)

    def take(self) -> list[str]:
        """Texts of all events since the last call, oldest first."""
        if self.current is not None:
            self.note_dropouts(self.current)
        return [self._texts.popleft() for _ in range(len(self._texts))]

    def must_stop(self, current: CurrentEpisode) -> Termination | None:
        """Whether an episode must end by itself, and why."""
        if (step_ms := current.watch_clock()) is not None:
            self.say("clock_step", step_ms=step_ms)
        if current.open.error is not None:
            if not current.fault_told:
                current.fault_told = True
                self.say("fault", message=current.open.error)
            return "fault"
        return "timeout" if current.age_s() > self._max_episode_s else None

    def watch_streams(self, current: CurrentEpisode) -> None:
        """Look for silent and losing streams."""
        for notice in current.watch.poll(current.now_ns()):
            self.say(notice.kind, topic=notice.topic, **notice.fields)
        for complaint in current.open.take_complaints():
            topic = self._topics[complaint.stream]
            self.say(complaint.kind, topic=topic, message=complaint.text)
        for step in current.steps_reached():
            self.say("step", step=step.name, reached_s=step.reached_s)

    def note_dropouts(self, current: CurrentEpisode, *, final: bool = False) -> None:
        """Say which runs of messages were given up; with `final`, also those not ended yet."""
        for dropout in current.open.queue.take_dropouts(final=final):
            self.say(
                "dropout",
                topic=self._topics[dropout.stream],
                cause="queue",
                count=dropout.count,
                first_ns=dropout.first_ns,
                last_ns=dropout.last_ns,
            )
