"""Node `replay`: publishes an episode again, the recorded bytes at the recorded times.

It is for viewers and for whatever listens, not for moving a robot: it refuses to start while
something else publishes one of its topics, or while a driver listens to a recorded command.
"""

import queue
import threading
from collections.abc import Iterator
from typing import Any

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.episodes.reader import Episode, open_episode
from teleop_collect.episodes.root import find_episode
from teleop_collect.errors import BusyError, ConfigError, TeleopCollectError
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.stream_readers import message_class
from teleop_collect.topics import EVENT_QOS, LATCHED_QOS, Qos

READ_AHEAD = 2000
"""Messages read before they are due, so that decompression does not delay publishing."""
HARMLESS_LISTENERS = frozenset({"recorder", "rig_check", "rig_client"})
COMMAND_TYPES = frozenset({topics.JOINT_TRAJECTORY, topics.FLOAT64_MULTI_ARRAY})
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
        self._wait_s = float(host.parameter("wait_s", 1.0, "time for listeners to connect, s"))
        chosen = host.parameter("topics", "", "comma-separated topics; all when empty")
        self._episode: Episode = open_episode(find_episode(name, root))
        self._topics = self._choose([t.strip() for t in chosen.split(",") if t.strip()])
        self._refuse_live_topics()
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

    def _refuse_live_topics(self) -> None:
        node = self._host.node
        self._host.stop.wait(self._wait_s)
        for topic in self._topics:
            if topic != topics.DIAGNOSTICS and node.count_publishers(topic):
                raise BusyError(
                    f"{topic} is being published by a running rig; "
                    "stop it or replay on another ROS_DOMAIN_ID"
                )
            if self._episode.streams[topic].type not in COMMAND_TYPES:
                continue
            listeners = {e.node_name for e in node.get_subscriptions_info_by_topic(topic)}
            if drivers := sorted(listeners - HARMLESS_LISTENERS):
                raise BusyError(
                    f"{drivers[0]} listens to the recorded command {topic} and would move; "
                    "stop it, replay on another ROS_DOMAIN_ID, or leave that topic out"
                )

    def _publisher(self, topic: str) -> Any:
        qos: Qos = LATCHED_QOS if topic.strip("/").split("/")[-1] in LATCHED else EVENT_QOS
        kind = message_class(self._episode.streams[topic].type)
        return self._host.node.create_publisher(kind, topic, profile(qos))

    def run(self) -> None:
        """Publish to the end, again and again when looping."""
        self._host.stop.wait(self._wait_s)
        while not self._host.stop.is_set:
            count = self._publish_once()
            self._host.node.get_logger().info(f"published {count} messages")
            if not self._loop:
                break

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
        """Close the episode."""
        self._episode.close()


def main() -> int:
    """Entry point."""
    return run_node("replay", ReplayNode)


if __name__ == "__main__":
    raise SystemExit(main())
