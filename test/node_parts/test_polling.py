"""What a polled subscription makes of the middleware's answers."""

from types import SimpleNamespace
from typing import Any, Self

import pytest
from std_msgs.msg import String

from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.topics import FAST_QOS

NOTHING = {
    "source_timestamp": 0,
    "received_timestamp": 268487873,
    "publication_sequence_number": 0,
    "reception_sequence_number": None,
}
"""What rclpy has been seen to say beside no bytes, again at every call, of Fast DDS 2.14."""


def told(number: int) -> dict[str, Any]:
    """What rclpy says of a message."""
    return {
        "source_timestamp": 1_700_000_000,
        "received_timestamp": 1_700_000_100,
        "publication_sequence_number": number,
        "reception_sequence_number": None,
    }


class Handle:
    """A middleware's subscription that gives these answers, and the last one for ever."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def take_message(self, kind: Any, raw: bool) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def polled(answers: list[Any]) -> tuple[PolledSubscription, Handle]:
    handle = Handle(answers)
    made = SimpleNamespace(handle=handle, msg_type=String)
    node: Any = SimpleNamespace(create_subscription=lambda *_, **__: made)
    return PolledSubscription(node, String, "topic", profile(FAST_QOS), raw=True), handle


def test_a_middleware_that_took_nothing_and_says_it_did_ends_the_pass() -> None:
    subscription, _ = polled([(b"one", told(1)), (b"", NOTHING)])
    assert [t.message for t in subscription.drain()] == [b"one"]


def test_what_comes_after_that_is_taken_in_the_next_pass() -> None:
    subscription, handle = polled([(b"", NOTHING)])
    assert list(subscription.drain()) == []
    handle.answers = [(b"two", told(2)), None]
    assert [(t.message, t.publication_sequence) for t in subscription.drain()] == [(b"two", 2)]


@pytest.mark.parametrize("number", [None, 0])
def test_a_middleware_that_counts_no_publications_is_believed(number: int | None) -> None:
    info = told(1) | {"publication_sequence_number": number}
    subscription, _ = polled([(b"one", info), None])
    assert [t.message for t in subscription.drain()] == [b"one"]
