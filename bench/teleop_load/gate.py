"""Opens the gate that a rig check opens, for rigs that a bench has made itself, and engages."""

from dataclasses import replace
from typing import Any

from std_msgs.msg import String

from teleop_collect import topics
from teleop_collect.clock import SystemClock
from teleop_collect.errors import DeviceError
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rig_client import RigClient
from teleop_collect.rig.checks.motion_gate import MOTION
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.load import LoadedRig

ANSWER_S = 2.0


def engages(client: RigClient, service: str = topics.TELEOP_ENGAGE) -> bool:
    """Whether teleoperation engages now; a request that a service not yet connected to has missed
    is to be made again."""
    try:
        return client.set_bool(service, True, timeout_s=ANSWER_S).success
    except DeviceError:
        return False


class OpenGate:
    """A rig check result without findings, published for as long as the node lives."""

    def __init__(self, node: Any, loaded: LoadedRig) -> None:
        self._publisher = node.create_publisher(
            String, topics.RIG_CHECK_RESULT, profile(topics.LATCHED_QOS)
        )
        now_ns = SystemClock().utc_ns()
        moved = dict.fromkeys(MOTION, now_ns)
        report = replace(RigCheckReport.of(loaded, now_ns, ()), motion_at_ns=moved)
        self._publisher.publish(String(data=report.to_json()))
