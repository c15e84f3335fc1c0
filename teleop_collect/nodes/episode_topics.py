"""What the recorder says about episodes: the latched `episode` and `task`, and `episode/event`."""

import json
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.nodes.qos import profile
from teleop_collect.recording.recorder import StartRequest


class EpisodeTopics:
    """Publishes JSON; the recorder reads its own topics like everybody else's."""

    def __init__(self, node: Node) -> None:
        latched = profile(topics.LATCHED_QOS)
        self._episode = node.create_publisher(String, topics.EPISODE, latched)
        self._task = node.create_publisher(String, topics.TASK, latched)
        self._events = node.create_publisher(
            String, topics.EPISODE_EVENT, profile(topics.EVENT_QOS)
        )
        self._publish(self._episode, {"state": "idle", "episode_id": ""})

    @staticmethod
    def _publish(publisher: Any, value: dict[str, Any]) -> None:
        publisher.publish(String(data=json.dumps(value)))

    @staticmethod
    def is_own(topic: str) -> bool:
        """Whether the recorder publishes this latched topic itself, anew for each episode."""
        return topic in (topics.EPISODE, topics.TASK)

    @staticmethod
    def parse(data: bytes) -> dict[str, Any]:
        """An event's JSON object; empty when somebody published something else."""
        try:
            value = json.loads(deserialize_message(data, String).data)
        except json.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}

    def begin(self, request: StartRequest, episode_id: str, event: str) -> None:
        """An episode has started."""
        task = {"task_id": request.task_id, "instruction": request.instruction}
        self._publish(self._task, task)
        self._publish(self._episode, {"state": "recording", "episode_id": episode_id, **task})
        self.event(event)

    def event(self, text: str) -> None:
        """Publish an event's JSON text."""
        self._events.publish(String(data=text))

    def end(self, episode_id: str | None, why: str, path: str = "") -> None:
        """An episode has ended."""
        self._publish(
            self._episode,
            {"state": "idle", "episode_id": episode_id or "", "ended": why, "path": path},
        )
