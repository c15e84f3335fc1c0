"""Conditions over time: true, false, or unknown (None), at one moment after the other.

Kleene's three-valued logic; the past tense alone, so that what an episode in progress says and what
its file says later are the same.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from teleop_collect.episodes.predicates.geometry import ROUNDING_M
from teleop_collect.episodes.predicates.measures import Boxes, Measure, measure_of
from teleop_collect.episodes.predicates.readings import Readings
from teleop_collect.episodes.predicates.series import Series
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.syntax import (
    And,
    Call,
    Comparison,
    Condition,
    Lasting,
    Not,
    Once,
    Or,
    Quantity,
    Sum,
    Then,
    Truth,
    Within,
)

Tri = bool | None
ROUNDING_S = 1e-6
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Watcher(Protocol):
    """A condition with what it remembers of the episode so far."""

    def step(self, readings: Readings) -> Tri:
        """Whether it holds now; to be asked at rising times."""
        ...


class Watchers:
    """Makes watchers of conditions, and gathers the values that their leaves measured.

    Attributes:
        series: of every comparison and every function that is true or false, in order.
    """

    def __init__(self, names: Names, boxes: Boxes) -> None:
        self._names = names
        self._boxes = boxes
        self.series: list[Series] = []

    def watch(self, condition: Condition) -> Watcher:
        """A watcher of a condition."""
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Truth():
                series = self._series(condition.text, "", 0.0)
                return _Holds(measure_of(condition.call, self._names, self._boxes), series)
            case Not():
                return _Negated(self.watch(condition.part))
            case And():
                return _Joined([self.watch(part) for part in condition.parts], all_of)
            case Or():
                return _Joined([self.watch(part) for part in condition.parts], any_of)
            case Then():
                first = _Past(self.watch(condition.first), math.inf)
                return _Joined([first, self.watch(condition.second)], all_of)
            case Once():
                return _Past(self.watch(condition.part), math.inf)
            case Within():
                return _Past(self.watch(condition.part), condition.limit_s)
            case Lasting():
                return _Unbroken(self.watch(condition.part), condition.duration_s)

    def _comparison(self, condition: Comparison) -> Watcher:
        left, right = self._sum(condition.left), self._sum(condition.right)
        limit = _constant(condition.right)
        series = self._series(condition.text, condition.dimension.value, limit)
        return _Compared(left, right, _COMPARE[condition.operator], series)

    def _series(self, text: str, unit: str, limit: float | None) -> Series:
        self.series.append(Series(text, unit, limit))
        return self.series[-1]

    def _sum(self, side: Sum) -> Measure:
        terms = [(sign, self._value(term)) for sign, term in side.terms]
        return lambda readings: math.fsum(sign * value(readings) for sign, value in terms)

    def _value(self, term: Quantity | Call) -> Measure:
        if isinstance(term, Call):
            return measure_of(term, self._names, self._boxes)
        constant = term.value
        return lambda readings: constant


def all_of(values: Sequence[Tri]) -> Tri:
    """False if any is, else unknown if any is."""
    return False if False in values else None if None in values else True


def any_of(values: Sequence[Tri]) -> Tri:
    """True if any is, else unknown if any is."""
    return True if True in values else None if None in values else False


def _constant(side: Sum) -> float | None:
    """The number that a side always is; None when it is measured."""
    if any(isinstance(term, Call) for _, term in side.terms):
        return None
    return math.fsum(s * term.value for s, term in side.terms if isinstance(term, Quantity))


class _Compared:
    """Compares two sums; keeps the left one, or the difference to a right one that varies."""

    def __init__(
        self,
        left: Measure,
        right: Measure,
        compare: Callable[[float, float], bool],
        series: Series,
    ) -> None:
        self._left, self._right = left, right
        self._compare, self._series = compare, series

    def step(self, readings: Readings) -> Tri:
        left, right = self._left(readings), self._right(readings)
        known = not (math.isnan(left) or math.isnan(right))
        holds = self._compare(left, right) if known else None
        shown = left if self._series.limit is not None else left - right
        self._series.add(readings.t_s, shown, holds)
        return holds


class _Holds:
    """A measure that is true from 0 on."""

    def __init__(self, measure: Measure, series: Series) -> None:
        self._measure, self._series = measure, series

    def step(self, readings: Readings) -> Tri:
        value = self._measure(readings)
        holds = None if math.isnan(value) else value >= -ROUNDING_M
        self._series.add(readings.t_s, value, holds)
        return holds


class _Negated:
    def __init__(self, part: Watcher) -> None:
        self._part = part

    def step(self, readings: Readings) -> Tri:
        held = self._part.step(readings)
        return None if held is None else not held


class _Joined:
    """All parts are asked at every moment, because each remembers."""

    def __init__(self, parts: Sequence[Watcher], join: Callable[[Sequence[Tri]], Tri]) -> None:
        self._parts, self._join = parts, join

    def step(self, readings: Readings) -> Tri:
        return self._join([part.step(readings) for part in self._parts])


class _Past:
    """Holds once its part has held, at the latest `limit_s` after the start."""

    def __init__(self, part: Watcher, limit_s: float) -> None:
        self._part, self._limit_s = part, limit_s
        self._held: Tri = False

    def step(self, readings: Readings) -> Tri:
        held = self._part.step(readings)
        if readings.t_s <= self._limit_s + ROUNDING_S:
            self._held = any_of((self._held, held))
        return self._held


class _Unbroken:
    """Holds when its part has not been false for `duration_s`; unknown if it was unknown then."""

    def __init__(self, part: Watcher, duration_s: float) -> None:
        self._part, self._duration_s = part, duration_s
        self._since_s: float | None = None
        self._unknown_s = -math.inf

    def step(self, readings: Readings) -> Tri:
        held, t_s = self._part.step(readings), readings.t_s
        if held is False:
            self._since_s = None
            return False
        self._since_s = t_s if self._since_s is None else self._since_s
        if held is None:
            self._unknown_s = t_s
        if t_s - self._since_s < self._duration_s - ROUNDING_S:
            return False
        return None if self._unknown_s >= t_s - self._duration_s - ROUNDING_S else True
