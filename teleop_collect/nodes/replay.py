"""Node `replay`: publishes an episode again, the recorded bytes at the recorded times.

It is for viewers and for whatever listens, not for moving a robot: it refuses to start while
something else publishes one of its topics, or while a driver listens to a recorded command.
"""

import queue
import threading
from collections.abc import Iterator
from typing import Any

from rclpy.duration import Duration

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, SystemClock
from teleop_collect.episodes.reader import Episode, open_episode
from teleop_collect.episodes.root import find_episode
from teleop_collect.errors import ConfigError, TeleopCollectError
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.live_rig import refuse_live
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.stream_readers import message_class
from teleop_collect.topics import EVENT_QOS, LATCHED_QOS, Qos

READ_AHEAD = 2000
"""Messages read before they are due, so that decompression does not delay publishing."""
DISCOVERY_S = 3.5
"""Processes on one host were seen to find each other after up to 2.9 s."""
CONNECT_NS = 5 * NS_PER_S
ACKNOWLEDGE_S = 1.0
LATCHED = frozenset(
    {topics.EPISODE, topics.TASK, topics.ROBOT_DESCRIPTION, topics.RIG_CHECK_RESULT}
)


class ReplayNode:
    """Publishes one episode with its own timing."""

    def __init__(self, host: Host) -> None:
        self._host = host
        name = host.parameter("episode", "", "folder, MCAP file or id of an episode")
        root = host.parameter("root", "~/teleop_collect", "where ids are looked up")
        if not name:
            raise ConfigError("which episode? set the parameter: -p episode:=PATH_OR_ID")
        self._rate = float(host.parameter("rate", 1.0, "speed; 2.0 is twice as fast"))
        if not 0.01 <= self._rate <= 100.0:
            raise ConfigError(f"rate is {self._rate:g}; it must be 0.01 to 100")
        self._loop = bool(host.parameter("loop", False, "start again at the end"))
        self._wait_s = float(host.parameter("wait_s", DISCOVERY_S, "time to find who is there, s"))
        chosen = host.parameter("topics", "", "comma-separated topics; all when empty")
        self._episode: Episode = open_episode(find_episode(name, root))
        self._topics = self._choose([t.strip() for t in chosen.split(",") if t.strip()])
        host.stop.wait(self._wait_s)
        refuse_live(host.node, {topic: self._episode.streams[topic].type for topic in self._topics})
        self._publishers = {topic: self._publisher(topic) for topic in self._topics}
        self._clock = SystemClock()

    def _choose(self, wanted: list[str]) -> list[str]:
        if wanted:
            return [self._episode.topic(topic) for topic in wanted]
        streams = self._episode.streams
        chosen = [t for t, info in streams.items() if message_class(info.type) is not None]
        for topic in streams.keys() - chosen:
            kind = streams[topic].type
            self._host.node.get_logger().warning(f"left out {topic}: {kind} is not installed")
        return [topic for topic in chosen if streams[topic].count]

    def _publisher(self, topic: str) -> Any:
        qos: Qos = LATCHED_QOS if topic.strip("/").split("/")[-1] in LATCHED else EVENT_QOS
        kind = message_class(self._episode.streams[topic].type)
        return self._host.node.create_publisher(kind, topic, profile(qos))

    def run(self) -> None:
        """Publish to the end, again and again when looping."""
        self._wait_for_listeners()
        while not self._host.stop.is_set:
            count = self._publish_once()
            self._host.node.get_logger().info(f"published {count} messages")
            if not self._loop:
                break

    def _wait_for_listeners(self) -> None:
        """Let listeners that have been found connect to the publishers."""
        deadline_ns = self._clock.monotonic_ns() + CONNECT_NS
        while self._clock.monotonic_ns() < deadline_ns and not self._host.stop.wait(0.02):
            if all(
                publisher.get_subscription_count() >= self._host.node.count_subscribers(topic)
                for topic, publisher in self._publishers.items()
            ):
                return

    def _publish_once(self) -> int:
        count, start_ns, first_ns = 0, self._clock.monotonic_ns(), 0
        for topic, data, log_ns in self._read_ahead():
            first_ns = first_ns or log_ns
            self._clock.sleep_until_ns(start_ns + int((log_ns - first_ns) / self._rate))
            if self._host.stop.is_set:
                break
            self._publishers[topic].publish(data)
            count += 1
        return count

    def _read_ahead(self) -> Iterator[tuple[str, bytes, int]]:
        """Messages in the order of reception, read by a thread of their own."""
        ready: queue.Queue[tuple[str, bytes, int] | TeleopCollectError | None]
        ready = queue.Queue(READ_AHEAD)
        ended = threading.Event()

        def read() -> None:
            try:
                for topic, raw in self._episode.messages(self._topics):
                    if ended.is_set():
                        return
                    ready.put((topic, bytes(raw.data), raw.log_ns))
                ready.put(None)
            except TeleopCollectError as error:
                ready.put(error)

        threading.Thread(target=read, name="reader", daemon=True).start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, TeleopCollectError):
                    raise item
                yield item
        finally:
            ended.set()
            while not ready.empty():
                ready.get_nowait()

    def close(self) -> None:
        """Let the last messages arrive, then close the episode."""
        if not self._host.stop.is_set:
            for publisher in self._publishers.values():
                publisher.wait_for_all_acked(Duration(seconds=ACKNOWLEDGE_S))
        self._episode.close()


def main() -> int:
    """Entry point."""
    return run_node("replay", ReplayNode)


if __name__ == "__main__":
    raise SystemExit(main())
