import threading

import pytest

from teleop_collect.recording.queue import (
    BATCH_BYTES,
    Dropout,
    QueuedMessage,
    RecordingQueue,
    ShedClass,
    shed_class,
)
from teleop_collect.topics import Qos, Stream, StreamKind

CLASSES = [ShedClass.OPTIONAL, ShedClass.DEPTH, ShedClass.COLOR, ShedClass.NEVER]
OPTIONAL, DEPTH, COLOR, JOINTS = range(4)


def message(stream: int, size: int, receive_ns: int = 0) -> QueuedMessage:
    return (stream, receive_ns, receive_ns, 0, bytes(size))


def test_streams_are_given_up_in_the_promised_order() -> None:
    queue = RecordingQueue(CLASSES, limit_bytes=100)
    taken = {OPTIONAL: 0, DEPTH: 0, COLOR: 0, JOINTS: 0}
    first_refused = []
    for _ in range(40):
        for stream in taken:
            if queue.put(message(stream, 2)):
                taken[stream] += 2
            elif stream not in first_refused:
                first_refused.append(stream)
    assert first_refused == [OPTIONAL, DEPTH, COLOR]
    assert taken[JOINTS] == 80
    assert taken[OPTIONAL] < taken[DEPTH] < taken[COLOR]


def test_limits_are_exact() -> None:
    for stream, limit in ((OPTIONAL, 50), (DEPTH, 75), (COLOR, 100)):
        queue = RecordingQueue(CLASSES, limit_bytes=100)
        assert queue.put(message(stream, limit))
        assert not queue.put(message(stream, 1))
        assert queue.put(message(JOINTS, 1000))
        assert queue.bytes == limit + 1000
        queue.take()
        assert queue.bytes == 0
        assert queue.put(message(stream, limit))


@pytest.mark.parametrize(
    ("kind", "required", "expected"),
    [
        (StreamKind.COLOR, True, ShedClass.COLOR),
        (StreamKind.COLOR, False, ShedClass.OPTIONAL),
        (StreamKind.DEPTH, True, ShedClass.DEPTH),
        (StreamKind.DEPTH, False, ShedClass.OPTIONAL),
        (StreamKind.OTHER, True, ShedClass.COLOR),
        (StreamKind.OTHER, False, ShedClass.OPTIONAL),
        *(
            (k, r, ShedClass.NEVER)
            for k in StreamKind
            if k not in (StreamKind.COLOR, StreamKind.DEPTH, StreamKind.OTHER)
            for r in (True, False)
        ),
    ],
)
def test_class_of_a_stream(kind: StreamKind, required: bool, expected: ShedClass) -> None:
    stream = Stream("/x", "std_msgs/msg/String", kind, 1.0, required, Qos(1))
    assert shed_class(stream) is expected


def test_order_is_kept_and_batches_are_bounded() -> None:
    queue = RecordingQueue(CLASSES, limit_bytes=100)
    sent = [message(JOINTS, BATCH_BYTES // 2, n) for n in range(5)]
    for m in sent:
        queue.put(m)
    batches = [queue.take() for _ in range(4)]
    assert [len(b) for b in batches] == [2, 2, 1, 0]
    assert [m for b in batches for m in b] == sent


def test_dropouts_are_runs_with_count_and_times() -> None:
    queue = RecordingQueue(CLASSES, limit_bytes=10)
    queue.put(message(COLOR, 10, 1))
    for t in (2, 3, 4):
        assert not queue.put(message(COLOR, 5, t))
    assert queue.take_dropouts() == []
    queue.take()
    assert queue.put(message(COLOR, 5, 5))
    assert queue.take_dropouts() == [Dropout(COLOR, 3, 2, 4)]
    assert queue.take_dropouts() == []
    assert not queue.put(message(COLOR, 9, 6))
    assert queue.take_dropouts(final=True) == [Dropout(COLOR, 1, 6, 6)]


def test_a_closed_queue_refuses_and_still_gives_what_it_has() -> None:
    queue = RecordingQueue(CLASSES, limit_bytes=10)
    assert queue.put(message(JOINTS, 1))
    queue.close()
    assert not queue.put(message(JOINTS, 1))
    assert len(queue.take()) == 1


def test_nothing_is_lost_or_doubled_between_threads() -> None:
    queue = RecordingQueue(CLASSES, limit_bytes=1000)
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
