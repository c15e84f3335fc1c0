"""Publishes a node's state on /diagnostics once a second (REP 107)."""

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.nodes import conversions
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.qos import profile

PERIOD_S = 1.0

Row = tuple[str, str, str, dict[str, object]]
"""Name, level (ok, warn, error, stale), message, values."""


class DiagnosticsPublisher:
    """Asks `rows` each second and publishes what it answers."""

    def __init__(self, host: Host, rows: Callable[[], list[Row]]) -> None:
        self._rows = rows
        self._clock = SystemClock()
        self._publisher = host.node.create_publisher(
            DiagnosticArray, topics.DIAGNOSTICS, profile(topics.FAST_QOS)
        )
        host.node.create_timer(PERIOD_S, self._publish)

    def _publish(self) -> None:
        statuses = [conversions.diagnostic(*row) for row in self._rows()]
        self._publisher.publish(conversions.diagnostics(self._clock.utc_ns(), statuses))
