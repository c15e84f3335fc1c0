"""The newest pose of every object that the success predicate needs, kept as raw bytes."""

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.success import needed_objects, pose_from_cdr
from teleop_collect.rig.config import ObjectInBox
from teleop_collect.samples import Pose
from teleop_collect.topics import object_topic

# A pose older than this at the end of an episode does not say where the object is.
MAX_POSE_AGE_NS = NS_PER_S


class LastPoses:
    """Remembers bytes while recording and decodes them once, at the end.

    Args:
        success: the task's predicate; None needs nothing.
    """

    def __init__(self, success: ObjectInBox | None) -> None:
        self._wanted = needed_objects(success) if success is not None else ()
        self._suffixes = {object_topic(name): name for name in self._wanted}
        self._last: dict[str, tuple[bytes, int]] = {}

    def observe(self, topic: str, data: bytes, receive_ns: int) -> None:
        """Note a message of any topic; a namespace in front of the object's topic is allowed."""
        if not topic.endswith("/pose"):
            return
        for suffix, name in self._suffixes.items():
            if topic.endswith(f"/{suffix}"):
                self._last[name] = (data, receive_ns)

    def at(self, end_ns: int) -> dict[str, Pose]:
        """`world_from_object` of each needed object seen lately; none when their frames differ.

        Raises:
            UnreadableError: what came was no PoseStamped.
        """
        recent = {
            name: pose_from_cdr(data)
            for name, (data, receive_ns) in self._last.items()
            if end_ns - receive_ns <= MAX_POSE_AGE_NS
        }
        if len({sample.frame_id for sample in recent.values()}) > 1:
            return {}
        return {name: sample.pose for name, sample in recent.items()}
