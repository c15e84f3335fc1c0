"""Judges one episode: takes messages as they come, asks the conditions at fixed moments."""

from collections.abc import Iterable, Mapping
from typing import Any

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.predicates.conditions import TaskConditions
from teleop_collect.episodes.predicates.judgement import Judgement, StepLabel
from teleop_collect.episodes.predicates.readings import Readings
from teleop_collect.episodes.predicates.sources import Source, sources_of
from teleop_collect.episodes.predicates.truth import Tri, Watcher, Watchers
from teleop_collect.rig.config import Rig
from teleop_collect.rig.predicates.names import Names

EVALUATE_HZ = 20
PERIOD_NS = NS_PER_S // EVALUATE_HZ
LANGUAGE_VERSION = 1
"""Rises when the same condition may judge the same data differently."""


class Judge:
    """One episode's conditions with all that they remember.

    Args:
        conditions: of the task.
        rig: whose topics are looked at.
        names: of the rig.
        topics: absolute names of the streams there are.
        started_ns: start of the episode, UTC ns.

    Attributes:
        topics: absolute names of the topics it needs.
    """

    def __init__(
        self,
        conditions: TaskConditions,
        rig: Rig,
        names: Names,
        topics: Iterable[str],
        started_ns: int,
    ) -> None:
        self._conditions = conditions
        self._sources = resolved(_relative_sources(conditions, rig), topics)
        self.topics = frozenset(self._sources)
        self._started_ns = started_ns
        self._next_ns = started_ns
        self._readings = Readings(started_ns)
        self._waiting: list[tuple[int, str, bytes]] = []
        watchers = Watchers(names, conditions.boxes)
        self._success: Watcher | None = (
            None if conditions.success is None else watchers.watch(conditions.success)
        )
        self._steps = [_Step(n, watchers.watch(c)) for n, (_, c) in conditions.steps.items()]
        self._watchers = watchers
        self._holds: Tri = None

    def take(self, topic: str, data: bytes, receive_ns: int) -> None:
        """Note a message of one of `topics`; nothing is decoded yet."""
        self._waiting.append((receive_ns, topic, data))

    def advance(self, until_ns: int) -> list[StepLabel]:
        """Judge every moment up to `until_ns`, before which no message may come any more.

        Returns:
            Steps that were reached meanwhile.
        """
        before = sum(step.reached_s is not None for step in self._steps)
        self._waiting.sort(key=lambda message: message[0])
        taken = 0
        while self._next_ns <= until_ns:
            while taken < len(self._waiting) and self._waiting[taken][0] <= self._next_ns:
                self._read(*self._waiting[taken])
                taken += 1
            self._judge_at(self._next_ns)
            self._next_ns += PERIOD_NS
        del self._waiting[:taken]
        return [step.label for step in self._steps[before:] if step.reached_s is not None]

    def finish(self, ended_ns: int) -> Judgement:
        """Judge the rest, the end itself included."""
        self.advance(ended_ns)
        if self._next_ns - PERIOD_NS < ended_ns:
            for message in self._waiting:
                if message[0] <= ended_ns:
                    self._read(*message)
            self._judge_at(ended_ns)
        labels = tuple(step.label for step in self._steps)
        return Judgement(self._verdict(), labels, self._evidence(labels))

    def _read(self, receive_ns: int, topic: str, data: bytes) -> None:
        self._readings.take(self._sources[topic], data, receive_ns)

    def _judge_at(self, now_ns: int) -> None:
        self._readings.move_to(now_ns)
        if self._success is not None:
            self._holds = self._success.step(self._readings)
        may_be_reached = True
        for step in self._steps:
            step.step(self._readings, may_be_reached)
            may_be_reached = step.reached_s is not None

    def _verdict(self) -> Tri:
        if self._success is not None:
            return self._holds
        last = self._steps[-1].label.success
        return last if last is True else self._first_open()

    def _first_open(self) -> Tri:
        """False, unless it cannot be told whether the first step that is missing was reached."""
        return next(step.label.success for step in self._steps if step.reached_s is None)

    def _evidence(self, labels: tuple[StepLabel, ...]) -> dict[str, Any]:
        steps = {label.name: label.as_document() for label in labels}
        for name, (text, _) in self._conditions.steps.items():
            steps[name]["condition"] = text
        return {
            "condition": self._conditions.text,
            "language_version": LANGUAGE_VERSION,
            "evaluate_hz": EVALUATE_HZ,
            "steps": steps,
            "series": [series.as_document() for series in self._watchers.series],
        }


class _Step:
    """One step: reached when it first holds after the step before it."""

    def __init__(self, name: str, watcher: Watcher) -> None:
        self._name, self._watcher = name, watcher
        self._unknown = False
        self.reached_s: float | None = None

    def step(self, readings: Readings, may_be_reached: bool) -> None:
        holds = self._watcher.step(readings)
        if self.reached_s is None and may_be_reached:
            self._unknown |= holds is None
            self.reached_s = readings.t_s if holds else None

    @property
    def label(self) -> StepLabel:
        success = True if self.reached_s is not None else None if self._unknown else False
        return StepLabel(self._name, success, self.reached_s)


def _relative_sources(conditions: TaskConditions, rig: Rig) -> dict[str, Source]:
    """Sources by relative topic; the short form's box is no region of the rig."""
    return sources_of(conditions.all, rig, conditions.boxes)


def resolved(relative: Mapping[str, Source], topics: Iterable[str]) -> dict[str, Source]:
    """Sources by the absolute topics that end in their relative names, whatever the namespace."""
    found = {}
    present = sorted(topics, key=len)
    for name, source in relative.items():
        topic = next((t for t in present if t.endswith(f"/{name}")), None)
        if topic is not None:
            found[topic] = source
    return found
