import pytest

from teleop_collect.episodes.informative import informative
from teleop_collect.episodes.rows import EpisodeRow


def row(name: str, duration_s: float, **facts) -> EpisodeRow:
    return EpisodeRow(name, f"/nowhere/{name}", task_id="pick", duration_s=duration_s, **facts)


def test_what_is_unlike_everything_labelled_comes_first_then_what_is_unlike_that():
    rows = [
        row("a", 1.0, person=True),
        *(row(n, d) for n, d in zip("bcde", (1, 2, 9, 8.9), strict=True)),
    ]
    queue = informative(rows)
    assert [item.row.episode_id for item in queue] == ["d", "c", "e", "b"]
    assert queue[0].diversity == 1.0
    assert queue[-1].diversity == 0.0


@pytest.mark.parametrize(
    ("facts", "disagreement"),
    [
        ({"predicate": True, "verdict": "pass"}, 0.0),
        ({"predicate": True, "verdict": "fail"}, 2 / 3),
        ({"predicate": False, "verdict": "fail"}, 2 / 3),
        ({}, 0.5),
    ],
)
def test_disagreement_of_predicates_qa_and_labelled_neighbours(facts, disagreement):
    rows = [row("a", 1.0, person=True), row("b", 1.0, **facts)]
    (item,) = informative(rows)
    assert item.disagreement == pytest.approx(disagreement)
    assert item.score == pytest.approx((item.diversity + item.disagreement) / 2)


def test_tasks_are_compared_within_themselves_and_broken_episodes_left_out():
    other = EpisodeRow("x", "/nowhere/x", task_id="wave", duration_s=100.0)
    broken = EpisodeRow("y", "/nowhere/y", problem="no manifest.json")
    queue = informative([row("a", 1.0, person=True), row("b", 2.0), other, broken])
    assert {item.row.episode_id for item in queue} == {"b", "x"}
    assert informative([]) == []
