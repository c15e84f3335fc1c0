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

    def begin(
        self, request: StartRequest, episode_id: str, event: str, progress: dict[str, Any]
    ) -> None:
        """An episode has started."""
        task = {"task_id": request.task_id, "instruction": request.instruction}
        state = "practice" if request.practice else "recording"
        self._publish(self._task, task)
        self._publish(self._episode, {"state": state, "episode_id": episode_id, **task, **progress})
        self.event(event)

    def idle(self, progress: dict[str, Any]) -> None:
        """No episode has been recorded yet."""
        self._publish(self._episode, {"state": "idle", "episode_id": "", **progress})

    def event(self, text: str) -> None:
        """Publish an event's JSON text."""
        self._events.publish(String(data=text))

    def end(
        self, episode_id: str | None, why: str, progress: dict[str, Any], path: str = ""
    ) -> None:
        """An episode has ended."""
        ended = {"state": "idle", "episode_id": episode_id or "", "ended": why, "path": path}
        self._publish(self._episode, ended | progress)
