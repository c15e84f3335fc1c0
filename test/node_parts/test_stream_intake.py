"""What rclpy says of a message, on its way to the ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recorder_rig import JOINTS, NS, STREAMS, joint_state, recorder, request

from teleop_collect.nodes.polling import Taken, publisher_in
from teleop_collect.nodes.stream_intake import StreamIntake

T0 = 1_700_000_000 * NS


class TwoPublishers:
    """A reader of a topic with two publishers, of one message after the other."""

    topic = JOINTS
    stream = STREAMS[JOINTS]
    is_sequence_countable = False
    problem = ""
    last = None

    def __init__(self, sent: list[tuple[bytes | None, int]]) -> None:
        self._sent = sent

    def drain(self) -> Iterator[Taken]:
        while self._sent:
            publisher, sequence = self._sent.pop(0)
            yield Taken(joint_state(T0), T0, T0, sequence, publisher)


@pytest.mark.parametrize(
    ("one", "two", "lost"), [(b"1", b"2", 3), (None, None, "unknown")], ids=["named", "nameless"]
)
def test_two_publishers_are_counted_apart_where_the_middleware_names_them(
    tmp_path: Path, one: bytes | None, two: bytes | None, lost: int | str
) -> None:
    core = recorder(tmp_path)
    core.start(request())
    reader = TwoPublishers([(one, 1), (two, 70), (one, 2), (two, 71), (one, 4), (two, 74)])
    StreamIntake([reader], core).drain()
    manifest = core.stop().manifest
    core.close()
    assert manifest.streams[JOINTS].received == 6
    assert manifest.streams[JOINTS].lost_transport == lost


@pytest.mark.parametrize(
    ("info", "publisher"),
    [
        ({}, None),
        ({"publisher_gid": None}, None),
        ({"publisher_gid": {"implementation_identifier": "x", "data": b"ab"}}, b"ab"),
        ({"publisher_gid": [1, 2]}, b"\x01\x02"),
    ],
    ids=["jazzy", "none", "named", "bytes"],
)
def test_the_identity_of_a_publisher(info: dict[str, object], publisher: bytes | None) -> None:
    assert publisher_in(info) == publisher
