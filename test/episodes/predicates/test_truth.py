"""What conditions mean over time, told by a made-up course of readings."""

import math

import pytest

from teleop_collect.episodes.predicates.readings import Readings
from teleop_collect.episodes.predicates.truth import Watchers
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.parser import parse_condition

NAMES = Names(
    frozenset({"cube"}), frozenset(), {"main": {"elbow": None, "gripper": None}}, frozenset()
)
NAN = math.nan
T, F, U = True, False, None


class Course(Readings):
    """Readings of one joint, one value a second; NaN where it is unknown."""

    def __init__(self, values: list[float]) -> None:
        super().__init__(0)
        self._values = values

    def position(self, arm: str, joint: str, asked: bool = False) -> float:
        return self._values[round(self.t_s)]


def answers(text: str, values: list[float]) -> list[bool | None]:
    """What the condition says each second while the elbow has these values."""
    watcher = Watchers(NAMES, {}).watch(parse_condition(text, NAMES))
    course = Course(values)
    found = []
    for second in range(len(values)):
        course.move_to(second * 1_000_000_000)
        found.append(watcher.step(course))
    return found


UP = "joint(elbow) > 5 rad"


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        (UP, [0, 9, NAN, 5], [F, T, U, F]),
        ("joint(elbow) >= 5 rad", [4.9, 5], [F, T]),
        (f"not {UP}", [0, 9, NAN], [T, F, U]),
        (f"once {UP}", [0, 9, 0, NAN], [F, T, T, T]),
        (f"once {UP}", [0, NAN, 0, 9], [F, U, U, T]),
        (f"{UP} within 2 s", [0, 0, 9, 0, 0], [F, F, T, T, T]),
        (f"{UP} within 2 s", [0, 0, 0, 9, 9], [F, F, F, F, F]),
        (f"{UP} within 2 s", [0, NAN, 0, 9], [F, U, U, U]),
        (f"{UP} for 2 s", [9, 9, 9, 9, 0, 9, 9, 9], [F, F, T, T, F, F, F, T]),
        (f"{UP} for 2 s", [9, NAN, 9, 9, 9], [F, F, U, U, T]),
        (f"once {UP} for 2 s", [9, 9, 9, 0, 0], [F, F, T, T, T]),
        (f"{UP} then joint(elbow) < 1 rad", [0, 9, 3, 0, 3, 0], [F, F, F, T, F, T]),
        (f"{UP} and time() < 2 s", [9, 9, 9], [T, T, F]),
        (f"{UP} and time() < 2 s", [NAN, 0, NAN], [U, F, F]),
        (f"{UP} or time() < 1 s", [NAN, NAN, 9], [T, U, T]),
        ("joint_change(elbow) > 2 rad", [4, 5, 6.1, NAN], [F, F, T, U]),
        ("joint_change(elbow) > 2 rad", [NAN, NAN, 1, 9], [U, U, U, U]),
        ("2 rad < joint(elbow) - 1 rad", [3, 3.5], [F, T]),
    ],
)
def test_conditions_over_time(text: str, values: list[float], expected: list[bool | None]):
    assert answers(text, values) == expected


def test_evidence_keeps_values_and_every_change():
    watchers = Watchers(NAMES, {})
    watcher = watchers.watch(parse_condition(f"{UP} for 1 s", NAMES))
    values = [0.0] * 1000
    values[333] = 9.0
    values[334] = NAN
    course = Course(values)
    for second in range(1000):
        course.move_to(second * 1_000_000_000)
        watcher.step(course)
    (series,) = [s.as_document() for s in watchers.series]
    assert (series["text"], series["unit"], series["limit"]) == (UP, "rad", 5.0)
    assert len(series["t_s"]) < 160
    told = dict(zip(series["t_s"], zip(series["value"], series["holds"], strict=True), strict=True))
    assert told[333.0] == (9.0, True)
    assert told[334.0] == (None, None)
    assert told[335.0] == (0.0, False)
    assert told[999.0] == (0.0, False)
