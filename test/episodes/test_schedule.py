"""Which messages of an episode are played, and when."""

import pytest

from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.episodes.playback import Due, Received, chosen_topics, schedule
from teleop_collect.errors import ConfigError

TOPICS = ["/follower/joint_states", "/follower/wrench", "/leader/joint_states", "/task"]


def received(topic: str, log_ns: int, data: bytes) -> Received:
    return Received(topic, RawMessage(1, 0, log_ns, log_ns, data))


MESSAGES = [
    received("/task", 100, b"old"),
    received("/follower/wrench", 110, b"a"),
    received("/task", 120, b"new"),
    received("/follower/wrench", 130, b"b"),
    received("/follower/wrench", 150, b"c"),
    received("/follower/wrench", 170, b"d"),
]


def test_the_whole_is_due_as_it_was_received():
    played = list(schedule(MESSAGES, 100, None, {"/task"}))
    assert [d.after_ns for d in played] == [0, 10, 20, 30, 50, 70]
    assert [d.data for d in played] == [b"old", b"a", b"new", b"b", b"c", b"d"]


def test_a_part_begins_with_what_was_last_said_on_latched_topics():
    assert list(schedule(MESSAGES, 125, 150, {"/task"})) == [
        Due("/task", b"new", 0),
        Due("/follower/wrench", b"b", 5),
        Due("/follower/wrench", b"c", 25),
    ]
    assert list(schedule(MESSAGES, 1000, None, {"/task"})) == []


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ([], TOPICS),
        (["/follower/*"], TOPICS[:2]),
        (["follower/wrench"], [TOPICS[1]]),
        (["*/joint_states", "!leader/*"], [TOPICS[0]]),
        (["!*/joint_states"], [TOPICS[1], TOPICS[3]]),
    ],
)
def test_topics_are_chosen_by_patterns(patterns: list[str], chosen: list[str]):
    assert chosen_topics(patterns, TOPICS) == chosen


def test_a_pattern_that_fits_nothing_is_refused_with_the_topics():
    with pytest.raises(ConfigError, match="there is no topic '/wrench'; there are: /follower/joi"):
        chosen_topics(["/wrench"], TOPICS)
