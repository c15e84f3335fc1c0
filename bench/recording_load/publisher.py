"""Process that publishes a load: `python -m recording_load.publisher LOAD [--burst-s S] ...`.

Waits until every topic has its readers, prints `ready`, waits for a line on stdin, publishes, and
ends with one JSON line: when it began and how many messages of each topic it sent.
"""

import argparse
import heapq
import json
import mmap
import sys
import threading
import time
from pathlib import Path

import rclpy
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions

from .streams import LOADS, NS_PER_S, NumberedStream

DEPTHS = {True: 30, False: 1000}
"""Messages that a publisher keeps, of images and of others: a second of them."""
COUNT_BYTES = 8
DISCOVERY_TIMEOUT_S = 60.0
SETTLE_S = 1.0
"""A reader knows of a writer a little later than the writer knows of it."""


def quality(stream: NumberedStream, depth: int | None = None) -> QoSProfile:
    """Reliable, the newest `depth` messages kept."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=DEPTHS[stream.is_image] if depth is None else depth,
        reliability=ReliabilityPolicy.RELIABLE,
    )


class LoadPublisher:
    """Publishes numbered messages when they are due, or those of a while at once."""

    def __init__(self, node: Node, streams: tuple[NumberedStream, ...], counts: memoryview) -> None:
        self._streams = streams
        self._publishers = [node.create_publisher(s.type, s.topic, quality(s)) for s in streams]
        for stream in streams:
            stream.message(0, 0)
        self.sent = counts
        """Messages published of each stream so far."""
        self.behind_ms = 0.0
        """Largest delay of a message after it was due."""

    def wait_for_readers(self) -> None:
        """Until each topic has one."""
        deadline = time.monotonic() + DISCOVERY_TIMEOUT_S
        while not all(p.get_subscription_count() for p in self._publishers):
            if time.monotonic() > deadline:
                raise SystemExit("publisher: not every topic found a reader")
            time.sleep(0.02)
        time.sleep(SETTLE_S)

    def run(self, base_ns: int, seconds: float, burst_s: float, stop: threading.Event) -> None:
        """Publish for a while.

        Args:
            base_ns: UTC time of each stream's message 0.
            seconds: how long.
            burst_s: publish what has become due once in this time; 0 for each when due.
            stop: ends it early.
        """
        end_ns = base_ns + round(seconds * NS_PER_S)
        due = [(base_ns, index) for index in range(len(self._streams))]
        wake_ns = base_ns
        while due and not stop.is_set():
            wake_ns = wake_ns + round(burst_s * NS_PER_S) if burst_s else due[0][0]
            time.sleep(max(0, wake_ns - time.time_ns()) / NS_PER_S)
            while due and due[0][0] <= wake_ns:
                self._publish_next(due, base_ns, end_ns)

    def _publish_next(self, due: list[tuple[int, int]], base_ns: int, end_ns: int) -> None:
        due_ns, index = heapq.heappop(due)
        stream = self._streams[index]
        self._publishers[index].publish(stream.message(self.sent[index], base_ns))
        self.behind_ms = max(self.behind_ms, (time.time_ns() - due_ns) / 1e6)
        self.sent[index] += 1
        next_ns = stream.due_ns(self.sent[index], base_ns)
        if next_ns < end_ns:
            heapq.heappush(due, (next_ns, index))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="publisher")
    parser.add_argument("load", choices=LOADS)
    parser.add_argument("--seconds", type=float, default=1e6)
    parser.add_argument("--burst-s", type=float, default=0.0)
    parser.add_argument("--at-once", action="store_true", help="wait for no reader and no line")
    parser.add_argument("--counts", type=Path, help="file for the numbers of messages sent")
    options = parser.parse_args()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("load_publisher")
    streams = LOADS[options.load]
    load = LoadPublisher(node, streams, sent_counts(streams, options.counts))
    if not options.at_once:
        load.wait_for_readers()
        print("ready", flush=True)
        sys.stdin.readline()
    base_ns = time.time_ns()
    print(json.dumps({"base_ns": base_ns}), flush=True)
    stop, leave = threading.Event(), threading.Event()
    threading.Thread(target=_follow_input, args=(stop, leave), daemon=True).start()
    load.run(base_ns, options.seconds, options.burst_s, stop)
    sent = dict(zip([s.topic for s in streams], load.sent, strict=True))
    print(json.dumps({"sent": sent, "behind_ms": load.behind_ms}), flush=True)
    leave.wait()  # readers fetch the last messages while the writers still live
    node.destroy_node()
    rclpy.shutdown()


def sent_counts(streams: tuple[NumberedStream, ...], path: Path | None) -> memoryview:
    """A number for each stream, from 0 on; in a file that other processes may map, if given."""
    size = COUNT_BYTES * len(streams)
    if path is None:
        return memoryview(bytearray(size)).cast("q")
    path.write_bytes(bytes(size))
    return mapped_counts(path)


def mapped_counts(path: Path) -> memoryview:
    """The numbers that a publisher keeps in a file, as they change."""
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("q")


def _follow_input(stop: threading.Event, leave: threading.Event) -> None:
    """A line ends the publishing, the end of the input ends the process."""
    sys.stdin.readline()
    stop.set()
    sys.stdin.read()
    leave.set()


if __name__ == "__main__":
    main()
