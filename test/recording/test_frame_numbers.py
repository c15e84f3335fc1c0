"""Images lost before the recorder: frame numbers of cameras in the ledger."""

import json
import struct
from dataclasses import replace

import pytest
from support.recorder_rig import (
    COLOR,
    DEPTH,
    STREAMS,
    header,
    image,
    padded,
    recorder,
    request,
    text,
)
from support.recorder_rig import string as std_string

from teleop_collect import topics
from teleop_collect.clock import FakeClock
from teleop_collect.recording.frame_numbers import json_fields
from teleop_collect.topics import Qos, Stream, StreamKind

MS = 1_000_000
NUMBERS = topics.color_metadata_topic("scene")


def numbers_stream(message_type: str, *numbered: str) -> Stream:
    return Stream(
        NUMBERS, message_type, StreamKind.STATUS, 30.0, False, Qos(depth=5), numbers=numbered
    )


def relative(topic: str) -> str:
    return topic.removeprefix("/")


def streams_with(numbers: Stream) -> dict[str, Stream]:
    """The table of streams as a rig makes it: relative names by absolute ones."""
    named = {topic: replace(s, topic=relative(topic)) for topic, s in STREAMS.items()}
    return named | {f"/{NUMBERS}": numbers}


OWN = numbers_stream(topics.STRING, relative(COLOR), relative(DEPTH))
REALSENSE_ROS = numbers_stream(topics.REALSENSE_METADATA, relative(COLOR))


def told(number: int, **more: int) -> bytes:
    return std_string(json.dumps({"frame_number": number, **more}))


def with_header(values: dict[str, int], frame_id: str = "camera_color_optical_frame") -> bytes:
    return padded(header(1, frame_id), 4) + text(json.dumps(values))


class Session:
    """One episode of images and their numbers."""

    def __init__(self, root, numbers: Stream) -> None:
        self.clock = FakeClock()
        self.core = recorder(root, clock=self.clock, streams=streams_with(numbers))
        self.core.start(request())

    def take(self, data: bytes) -> None:
        self.clock.advance_ns(33 * MS)
        now_ns = self.clock.utc_ns()
        for topic in (COLOR, DEPTH):
            self.core.offer(topic, image(now_ns, b"pixels"), now_ns, None, None, None)
        self.core.offer(f"/{NUMBERS}", data, now_ns, None, None, None)

    def lost(self) -> dict[str, object]:
        """As the running episode says, and as its manifest does in the end: the same."""
        live = {s.topic: s.lost_device for s in self.core.live_streams()}
        streams = self.core.stop().manifest.streams
        for topic in (COLOR, DEPTH):
            assert streams[topic].lost_device == live[topic]
        return {relative(topic): live[topic] for topic in (COLOR, DEPTH)}


@pytest.fixture
def session(tmp_path):
    sessions = []

    def make(numbers: Stream = OWN) -> Session:
        sessions.append(Session(tmp_path, numbers))
        return sessions[-1]

    return make


def test_gaps_of_the_cameras_numbers_are_lost_images_of_colour_and_depth(session):
    one = session()
    for number, lost in ((100, 7), (101, 7), (104, 9), (105, 9), (107, 10)):
        one.take(told(number, lost=lost, restarts=0))
    assert one.lost() == {relative(COLOR): 3, relative(DEPTH): 3}


def test_without_numbers_nothing_is_known(session):
    one = session()
    one.core.offer(COLOR, image(one.clock.utc_ns(), b"x"), one.clock.utc_ns(), None, None, None)
    assert set(one.lost().values()) == {"unknown"}


def test_a_number_lost_on_the_way_is_no_lost_image_where_the_driver_counts(session):
    one = session()
    for number in (1, 2, 5):
        one.take(told(number, lost=0, restarts=0))
    assert one.lost() == {relative(COLOR): 0, relative(DEPTH): 0}


@pytest.mark.parametrize("after", [{"number": 3, "restarts": 0}, {"number": 50, "restarts": 1}])
def test_a_camera_that_began_anew_may_have_lost_any_number(session, after):
    one = session()
    one.take(told(40, lost=2, restarts=0))
    one.take(told(after["number"], lost=2, restarts=after["restarts"]))
    assert set(one.lost().values()) == {"unknown"}


def test_numbers_of_realsense_ros_count_for_the_stream_that_they_number(session):
    one = session(REALSENSE_ROS)
    for number in (10, 11, 13, 14, 17):
        one.take(with_header({"frame_number": number, "gain_level": 16}))
    assert one.lost() == {relative(COLOR): 3, relative(DEPTH): "unknown"}


@pytest.mark.parametrize("length", range(12))
def test_a_header_of_any_length_is_passed_over(length):
    data = with_header({"frame_number": 5}, "x" * length)
    assert json_fields(data, has_header=True) == {"frame_number": 5}


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\1\0\0", std_string("no json"), std_string("[1]"), b"\0\1\0\0" + b"\xff" * 4,
     std_string('{"frame_number": "many"}')],
)  # fmt: skip
def test_what_holds_no_number_changes_nothing(session, data):
    one = session()
    one.take(told(1, lost=0, restarts=0))
    one.take(data)
    one.take(told(2, lost=0, restarts=0))
    assert one.lost() == {relative(COLOR): 0, relative(DEPTH): 0}


def test_bytes_may_be_in_either_order():
    raw = json.dumps({"frame_number": 5}).encode() + b"\0"
    assert json_fields(b"\0\0\0\0" + struct.pack(">I", len(raw)) + raw, has_header=False) == {
        "frame_number": 5
    }
