import threading

import pytest

from teleop_collect import topics
from teleop_collect.recording.queue import (
    BATCH_BYTES,
    MESSAGE_BYTES,
    Dropout,
    QueuedMessage,
    RecordingQueue,
    ShedClass,
    shed_class,
)
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.streams import streams_of
from teleop_collect.topics import Qos, Stream, StreamKind

CLASSES = [ShedClass.OPTIONAL, ShedClass.DEPTH, ShedClass.COLOR, ShedClass.LAST]
LIMIT = 100_000
OPTIONAL, DEPTH, COLOR, JOINTS = range(4)


def message(stream: int, size: int, receive_ns: int = 0) -> QueuedMessage:
    """One that takes `size` bytes of a queue."""
    return (stream, receive_ns, receive_ns, 0, bytes(size - MESSAGE_BYTES))


def test_streams_are_given_up_in_the_promised_order() -> None:
    queue = RecordingQueue(CLASSES, LIMIT)
    taken = {OPTIONAL: 0, DEPTH: 0, COLOR: 0, JOINTS: 0}
    first_refused = []
    for _ in range(45):
        for stream in taken:
            if queue.put(message(stream, 1000)):
                taken[stream] += 1000
            elif stream not in first_refused:
                first_refused.append(stream)
    assert first_refused == [OPTIONAL, DEPTH, COLOR]
    assert taken[JOINTS] == 45_000
    assert taken[OPTIONAL] < taken[DEPTH] < taken[COLOR]


def test_limits_are_exact() -> None:
    for stream, limit in ((OPTIONAL, 50_000), (DEPTH, 75_000), (COLOR, 100_000)):
        queue = RecordingQueue(CLASSES, LIMIT)
        assert queue.put(message(stream, limit))
        assert not queue.put(message(stream, MESSAGE_BYTES))
        assert queue.put(message(JOINTS, 10_000))
        assert queue.bytes == limit + 10_000
        queue.take()
        assert queue.bytes == 0
        assert queue.put(message(stream, limit))


def test_memory_is_bounded_whatever_comes() -> None:
    queue = RecordingQueue(CLASSES, LIMIT)
    while queue.put(message(COLOR, 1000)):
        pass
    joints = 0
    while queue.put((JOINTS, joints, joints, 0, b"")):
        joints += 1
    assert joints == 25_000 // MESSAGE_BYTES
    assert queue.bytes <= 1.25 * LIMIT
    assert queue.take_dropouts(final=True)[-1] == Dropout(JOINTS, 1, joints, joints)


def test_small_streams_are_written_first_once_messages_pile_up() -> None:
    queue = RecordingQueue(CLASSES, 4 * BATCH_BYTES)
    for n in range(3):
        queue.put(message(COLOR, BATCH_BYTES, n))
        queue.put(message(JOINTS, 1000, n))
    batches = [[(m[0], m[1]) for m in queue.take()] for _ in range(3)]
    assert batches[0] == [(JOINTS, 0), (JOINTS, 1), (JOINTS, 2), (COLOR, 0)]
    assert batches[1:] == [[(COLOR, 1)], [(COLOR, 2)]]


def test_while_nothing_piles_up_the_order_of_arrival_is_kept() -> None:
    queue = RecordingQueue(CLASSES, LIMIT)
    sent = [message(stream, 1000, n) for n, stream in enumerate([0, 3, 2, 3, 3, 1, 0, 2, 3])]
    for m in sent:
        queue.put(m)
    assert queue.take() == sent


@pytest.mark.parametrize(
    ("kind", "type_name", "required", "expected"),
    [
        (StreamKind.COLOR, topics.IMAGE, True, ShedClass.COLOR),
        (StreamKind.COLOR, topics.COMPRESSED_IMAGE, False, ShedClass.OPTIONAL),
        (StreamKind.DEPTH, topics.IMAGE, True, ShedClass.DEPTH),
        (StreamKind.DEPTH, topics.IMAGE, False, ShedClass.OPTIONAL),
        (StreamKind.OTHER, "sensor_msgs/msg/PointCloud2", True, ShedClass.COLOR),
        (StreamKind.OTHER, topics.COMPRESSED_IMAGE, False, ShedClass.OPTIONAL),
        (StreamKind.OTHER, topics.TWIST_STAMPED, True, ShedClass.LAST),
        (StreamKind.OTHER, "sensor_msgs/msg/Imu", False, ShedClass.LAST),
        *(
            (k, "std_msgs/msg/String", r, ShedClass.LAST)
            for k in StreamKind
            if k not in (StreamKind.COLOR, StreamKind.DEPTH)
            for r in (True, False)
        ),
    ],
)
def test_class_of_a_stream(
    kind: StreamKind, type_name: str, required: bool, expected: ShedClass
) -> None:
    stream = Stream("/x", type_name, kind, 1.0, required, Qos(1))
    assert shed_class(stream) is expected


def test_what_an_operator_does_is_never_given_up_for_images() -> None:
    rig = load_rig("franka_spacemouse").rig
    leaders = [s for s in streams_of(rig) if "spacemouse" in s.topic]
    assert len(leaders) == 2
    assert {shed_class(s) for s in leaders} == {ShedClass.LAST}


def test_order_is_kept_and_batches_are_bounded() -> None:
    queue = RecordingQueue(CLASSES, 4 * BATCH_BYTES)
    sent = [message(JOINTS, BATCH_BYTES // 2, n) for n in range(5)]
    for m in sent:
        queue.put(m)
    batches = [queue.take() for _ in range(4)]
    assert [len(b) for b in batches] == [2, 2, 1, 0]
    assert [m for b in batches for m in b] == sent


def test_dropouts_are_runs_with_count_and_times() -> None:
    queue = RecordingQueue(CLASSES, 10_000)
    queue.put(message(COLOR, 10_000, 1))
    for t in (2, 3, 4):
        assert not queue.put(message(COLOR, 5000, t))
    assert queue.take_dropouts() == []
    queue.take()
    assert queue.put(message(COLOR, 5000, 5))
    assert queue.take_dropouts() == [Dropout(COLOR, 3, 2, 4)]
    assert queue.take_dropouts() == []
    assert not queue.put(message(COLOR, 9000, 6))
    assert queue.take_dropouts(final=True) == [Dropout(COLOR, 1, 6, 6)]


def test_a_closed_queue_refuses_and_still_gives_what_it_has() -> None:
    queue = RecordingQueue(CLASSES, LIMIT)
    assert queue.put(message(JOINTS, 1000))
    queue.close()
    assert not queue.put(message(JOINTS, 1000))
    assert len(queue.take()) == 1


def test_nothing_is_lost_or_doubled_between_threads() -> None:
    queue = RecordingQueue(CLASSES, 50 * MESSAGE_BYTES)
    count, accepted, got = 20_000, [0], []

    def produce() -> None:
        for n in range(count):
            accepted[0] += queue.put((COLOR, n, n, n, b"12345"))
        queue.close()

    producer = threading.Thread(target=produce)
    producer.start()
    while producer.is_alive() or queue.bytes:
        got += [m[3] for m in queue.take()]
    producer.join()
    got += [m[3] for m in queue.take()]
    dropped = sum(d.count for d in queue.take_dropouts(final=True))
    assert len(got) == accepted[0]
    assert accepted[0] + dropped == count
    assert got == sorted(set(got))
