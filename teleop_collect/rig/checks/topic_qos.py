"""Check: publishers and subscribers of required topics can hear each other, and without loss."""

from collections.abc import Iterator

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.streams import checked_streams, command_topics

CONTROL = frozenset({topics.JOINT_STATE, topics.WRENCH_STAMPED, topics.TWIST_STAMPED})
"""Types that teleoperation reads, reliably: of a best-effort publisher it hears nothing."""


class TopicQos:
    """DDS matches a reader only with a writer that offers at least what the reader asks for."""

    name = "topic_qos"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare what is offered with the table, and what followers ask for with what is sent."""
        deaf = [*_unheard_states(context), *_unheard_commands(context)]
        lossy = list(_lossy(context))
        if deaf:
            message, todo = "; ".join(deaf), "set both sides' QoS as the topic table has it"
            size = len(deaf)
            return CheckResult(self.name, "error", False, size, 0, "topics", message, todo)
        if lossy:
            todo = "set the publisher's QoS as the topic table has it"
            return bad(self, "; ".join(lossy), todo, len(lossy), 0, "topics")
        return good(self, "publishers and subscribers match", 0, 0, "topics")


def _unheard_states(context: CheckContext) -> Iterator[str]:
    for stream in checked_streams(context.rig):
        offered = context.observation(stream.topic).offered
        if stream.type in CONTROL and offered is not None and not offered.reliable:
            yield f"published best effort, so teleoperation does not hear it: {stream.topic}"


def _unheard_commands(context: CheckContext) -> Iterator[str]:
    """Commands are reliable and not latched."""
    for arm in context.rig.arms.values():
        for topic, _ in command_topics(arm):
            if any(asked.latched for asked in context.command_readers.get(topic, ())):
                yield f"a subscriber of {topic} asks for transient local and hears no command"


def _lossy(context: CheckContext) -> Iterator[str]:
    for stream in checked_streams(context.rig):
        offered = context.observation(stream.topic).offered
        if offered is None:
            continue
        if stream.qos.reliable and not offered.reliable and stream.type not in CONTROL:
            yield f"published best effort, so messages may be lost: {stream.topic}"
        if stream.qos.latched and not offered.latched:
            yield f"not transient local, so who comes late does not hear it: {stream.topic}"
