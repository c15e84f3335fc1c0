"""The task's predicates, asked while an episode is being recorded."""

import threading
from collections.abc import Iterable

from teleop_collect.episodes.predicates.conditions import conditions_of
from teleop_collect.episodes.predicates.judge import Judge
from teleop_collect.episodes.predicates.judgement import Judgement, StepLabel
from teleop_collect.rig.config import Rig, Task
from teleop_collect.rig.predicates.names import Names

LAG_NS = 300_000_000
"""Streams are drained one after the other, so a moment is judged when all have passed it."""
MAX_WAITING = 20_000


class LiveJudge:
    """Fed by the recorder's loop, finished by whoever stops the episode.

    Args:
        judge: of this episode; None when the task has no predicate.
    """

    def __init__(self, judge: Judge | None) -> None:
        self._judge = judge
        self._topics = frozenset() if judge is None else judge.topics
        self._waiting = 0
        self._lock = threading.Lock()

    def take(self, topic: str, data: bytes, receive_ns: int) -> None:
        """Note a message of any topic; costs next to nothing."""
        if topic not in self._topics:
            return
        with self._lock:
            assert self._judge is not None
            self._judge.take(topic, data, receive_ns)
            self._waiting += 1
            if self._waiting > MAX_WAITING:  # nobody asks; memory stays bounded all the same
                self._advance(receive_ns)

    def reached(self, now_ns: int) -> list[StepLabel]:
        """Judge up to a moment ago; returns the steps that were reached meanwhile."""
        with self._lock:
            return self._advance(now_ns)

    def finish(self, ended_ns: int) -> Judgement | None:
        """The label; None when the task has no predicate."""
        with self._lock:
            return None if self._judge is None else self._judge.finish(ended_ns)

    def _advance(self, now_ns: int) -> list[StepLabel]:
        self._waiting = 0
        return [] if self._judge is None else self._judge.advance(now_ns - LAG_NS)


def live_judge(
    task: Task, rig: Rig, names: Names, topics: Iterable[str], started_ns: int
) -> LiveJudge:
    """The judge of an episode that begins.

    Args:
        task: what is judged.
        rig: whose topics are looked at.
        names: of the rig.
        topics: absolute names of the recorded streams.
        started_ns: start of the episode, UTC ns.

    Raises:
        ConfigError: a condition is wrong.
    """
    conditions = conditions_of(task, rig, names)
    if conditions is None:
        return LiveJudge(None)
    return LiveJudge(Judge(conditions, rig, names, topics, started_ns))
