"""Opens the gate that a rig check opens, for rigs that a bench has made itself."""

from typing import Any

from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.load import LoadedRig


class OpenGate:
    """A rig check result without findings, published for as long as the node lives."""

    def __init__(self, node: Any, loaded: LoadedRig) -> None:
        self._publisher = node.create_publisher(
            String, topics.RIG_CHECK_RESULT, profile(topics.LATCHED_QOS)
        )
        report = RigCheckReport.of(loaded, SystemClock().utc_ns(), ())
        self._publisher.publish(String(data=report.to_json()))
