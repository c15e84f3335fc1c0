"""Node `replay`: publishes an episode again, the recorded bytes at the recorded times.

It is for viewers and for whatever listens, not for moving a robot: it refuses to start while
something else publishes one of its topics, or while a driver listens to a recorded command.
"""

import gc
import sys
from typing import Any

from rclpy.duration import Duration

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, SystemClock
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.playback import chosen_topics, schedule
from teleop_collect.episodes.reader import Episode, open_episode
from teleop_collect.episodes.root import find_episode
from teleop_collect.errors import ConfigError
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.live_rig import refuse_live
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.read_ahead import read_ahead
from teleop_collect.nodes.stream_readers import message_class
from teleop_collect.process import prefer_control
from teleop_collect.topics import LATCHED_QOS, Qos

SWITCH_INTERVAL_S = 0.0005
"""How long the reading thread may keep the interpreter from the publishing one; Python's own 5 ms
would be seen in the timing of joints."""
DISCOVERY_S = 3.5
"""Processes on one host were seen to find each other after up to 2.9 s."""
SETTLE_NS, CONNECT_NS = NS_PER_S // 2, 10 * NS_PER_S
"""How long listeners get at least, and at most; a recorder looks every 0.5 s who publishes."""
RECORDER = "recorder"
ACKNOWLEDGE_S = 1.0
DEPTH, IMAGE_DEPTH = 2000, 60
"""Messages kept for listeners that are slow: seconds of each."""
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
        start_s = float(host.parameter("start_s", 0.0, "where to begin, s since the start"))
        end_s = float(host.parameter("end_s", 0.0, "where to end, s; 0 for the end"))
        words = "comma-separated topics with * and ?, ! leaves out; all when empty"
        chosen = host.parameter("topics", "", words)
        self._episode: Episode = open_episode(find_episode(name, root))
        self._part = self._span(start_s, end_s)
        self._topics = self._choose([t.strip() for t in chosen.split(",") if t.strip()])
        host.stop.wait(self._wait_s)
        self._topics = self._without_the_recorders()
        refuse_live(host.node, {topic: self._episode.streams[topic].type for topic in self._topics})
        self._publishers = {topic: self._publisher(topic) for topic in self._topics}
        self._clock = SystemClock()

    def _span(self, start_s: float, end_s: float) -> tuple[int, int | None]:
        """Start and end of the part that is played, UTC ns."""
        if start_s < 0 or (end_s and end_s <= start_s):
            raise ConfigError(
                f"start_s is {start_s:g} and end_s {end_s:g}; start must be 0 or more, end later"
            )
        started = (self._episode.manifest or {}).get("started_ns")
        if not isinstance(started, int):
            first = next(self._episode.messages(list(self._episode.streams)), None)
            started = first.raw.log_ns if first else 0
        end_ns = started + round(end_s * NS_PER_S) if end_s else None
        return started + round(start_s * NS_PER_S), end_ns

    def _choose(self, wanted: list[str]) -> list[str]:
        streams = self._episode.streams
        chosen = chosen_topics(wanted, [t for t, info in streams.items() if info.count])
        usable = [t for t in chosen if message_class(streams[t].type) is not None]
        for topic in set(chosen) - set(usable):
            kind = streams[topic].type
            self._host.node.get_logger().warning(f"left out {topic}: {kind} is not installed")
        return usable

    def _without_the_recorders(self) -> list[str]:
        """A recorder that runs speaks for itself on its own topics."""
        node = self._host.node
        own = [
            topic
            for topic in self._topics
            if {e.node_name for e in node.get_publishers_info_by_topic(topic)} == {RECORDER}
            and topic != topics.DIAGNOSTICS
        ]
        if own:
            names = ", ".join(own)
            node.get_logger().warning(f"left out {names}: a recorder runs and publishes them")
        return [topic for topic in self._topics if topic not in own]

    def _publisher(self, topic: str) -> Any:
        info = self._episode.streams[topic]
        depth = IMAGE_DEPTH if info.type in IMAGE_TYPES else DEPTH
        qos = LATCHED_QOS if is_latched(topic) else Qos(depth)
        return self._host.node.create_publisher(message_class(info.type), topic, profile(qos))

    def run(self) -> None:
        """Publish to the end, again and again when looping."""
        self._wait_for_listeners()
        while not self._host.stop.is_set:
            late_ms = sorted(self._publish_once())
            p99_ms = late_ms[int(0.99 * (len(late_ms) - 1))] if late_ms else 0.0
            self._host.node.get_logger().info(
                f"published {len(late_ms)} messages; 99% were less than {p99_ms:.2f} ms late"
            )
            if not self._loop:
                break

    def _wait_for_listeners(self) -> None:
        """Let listeners connect; some subscribe only to what they see published."""
        began_ns = self._clock.monotonic_ns()
        settled_ns, deadline_ns = began_ns + SETTLE_NS, began_ns + CONNECT_NS
        while self._clock.monotonic_ns() < deadline_ns and not self._host.stop.wait(0.02):
            settled = self._clock.monotonic_ns() >= settled_ns
            if settled and all(map(self._is_connected, self._publishers)):
                return

    def _is_connected(self, topic: str) -> bool:
        """Whether all who listen are matched, a recorder that runs among them."""
        node = self._host.node
        listeners = [e.node_name for e in node.get_subscriptions_info_by_topic(topic)]
        if RECORDER in node.get_node_names() and RECORDER not in listeners:
            return False
        return bool(self._publishers[topic].get_subscription_count() >= len(listeners))

    def _publish_once(self) -> list[float]:
        """Publish the part once; how late each message was, ms."""
        start_ns, end_ns = self._part
        latched = [topic for topic in self._topics if is_latched(topic)]
        messages = schedule(self._episode.messages(self._topics), start_ns, end_ns, latched)
        late_ms: list[float] = []
        began_ns: int | None = None
        for topic, data, after_ns in read_ahead(messages):
            if began_ns is None:
                # A pause before the first message would say nothing.
                began_ns = self._clock.monotonic_ns() - int(after_ns / self._rate)
            due_ns = began_ns + int(after_ns / self._rate)
            self._clock.sleep_until_ns(due_ns)
            if self._host.stop.is_set:
                break
            self._publishers[topic].publish(data)
            late_ms.append((self._clock.monotonic_ns() - due_ns) / 1e6)
        return late_ms

    def close(self) -> None:
        """Let the last messages arrive, then close the episode."""
        if not self._host.stop.is_set:
            for publisher in self._publishers.values():
                publisher.wait_for_all_acked(Duration(seconds=ACKNOWLEDGE_S))
        self._episode.close()


def is_latched(topic: str) -> bool:
    """Whether the last message of a topic stays valid for those who come later."""
    return topic.strip("/").split("/")[-1] in LATCHED


def keep_time() -> None:
    """Let nothing delay what is due: no robot is near, so replay may rank as control does."""
    prefer_control()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.freeze()
    gc.disable()


def main() -> int:
    """Entry point."""
    keep_time()
    return run_node("replay", ReplayNode)


if __name__ == "__main__":
    raise SystemExit(main())
