"""What teleoperation says of itself, for whoever moves an arm while nobody teleoperates it."""

import time

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from teleop_collect import topics
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile

STATUS_TIMEOUT_S = 1.0
DISCOVERY_S = 0.3
AT_REST = "DISARMED"


class TeleopWatch:
    """Hears `teleop/status`: a motion of a check or of a calibration goes on while it is at rest.

    So `teleop/stop` stops such a motion, too, and so does a person who engages meanwhile.

    Args:
        node: subscribes.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._statuses = PolledSubscription(
            node, DiagnosticArray, topics.TELEOP_STATUS, profile(topics.FAST_QOS)
        )
        self._heard_s: float | None = None

    def first_problem(self) -> str | None:
        """Why an arm may not begin to move; None when it may, also where no teleoperation runs."""
        start_s = time.monotonic()
        while (waited_s := time.monotonic() - start_s) < STATUS_TIMEOUT_S:
            found = self.problem()
            if found is not None or self._heard_s is not None:
                return found
            if waited_s > DISCOVERY_S and not self._node.count_publishers(topics.TELEOP_STATUS):
                return None
            time.sleep(0.02)
        return "teleoperation does not tell its state; stop it first"

    def problem(self) -> str | None:
        """Why a moving arm must stop; None while teleoperation is at rest, or none runs."""
        taken = self._statuses.newest()
        if taken is None:
            silent_s = 0.0 if self._heard_s is None else time.monotonic() - self._heard_s
            is_lost = silent_s > STATUS_TIMEOUT_S
            return f"teleoperation is silent for {silent_s:.1f} s" if is_lost else None
        self._heard_s = time.monotonic()
        for status in taken.message.status:
            state = next((v.value for v in status.values if v.key == "state"), AT_REST)
            if state != AT_REST:
                reason = f" ({status.message})" if status.message else ""
                return f"teleoperation is {state.lower()}{reason}; disarm it first"
        return None

    def close(self) -> None:
        """Drop the subscription."""
        self._statuses.close()
