"""Check: required topics are published reliably, so that a loss is a fault and not the rule."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.streams import checked_streams


class TopicQos:
    """Best-effort publishers may lose messages without anybody noticing but the ledger."""

    name = "topic_qos"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Look for best-effort publishers where the table says reliable."""
        weak = []
        for stream in checked_streams(context.rig):
            offered = context.observation(stream.topic).offered
            if stream.qos.reliable and offered is not None and not offered.reliable:
                weak.append(stream.topic)
        if weak:
            message = f"published best effort, so messages may be lost: {', '.join(weak)}"
            todo = "set the publisher's reliability to reliable"
            return bad(self, message, todo, len(weak), 0, "topics")
        return good(self, "no required topic is published best effort", 0, 0, "topics")
