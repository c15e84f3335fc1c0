"""Check: every required topic is published, by one publisher, with the right type."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.observation import Observation
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.streams import checked_streams
from teleop_collect.topics import Stream


class TopicTypes:
    """Two publishers on one sensor topic are two rigs in one ROS domain."""

    name = "topic_types"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Check what the graph says of each required stream."""
        streams = [s for s in checked_streams(context.rig) if s.required]
        found = [
            problem
            for stream in streams
            if (problem := _problem(stream, context.observation(stream.topic)))
        ]
        if found:
            todo = "start the missing driver, or correct the topic in its configuration"
            return bad(self, "; ".join(found), todo, len(found), 0, "topics")
        return good(self, f"{len(streams)} topics have the right type", 0, 0, "topics")


def _problem(stream: Stream, seen: Observation) -> str | None:
    topic = stream.topic
    if stream.source:
        topic = f"{stream.source} (recorded as {topic})"
    if seen.publishers == 0:
        return f"nobody publishes {topic}"
    wrong = [name for name in seen.types if name != stream.type]
    if wrong:
        return f"{topic} is a {', '.join(wrong)}, not a {stream.type}"
    if seen.publishers > 1:
        return f"{topic} has {seen.publishers} publishers instead of 1"
    return None
