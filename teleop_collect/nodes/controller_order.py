"""The joint order of a controller that takes arrays without names, read from the controller itself.

A wrong order moves the wrong joints, and nothing in the message would tell.
"""

from typing import Any

from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import GetParameters
from rclpy.node import Node

from teleop_collect.clock import NS_PER_S

PARAMETER = "joints"
ASK_EVERY_NS = NS_PER_S
ANSWER_WITHIN_NS = 3 * NS_PER_S
"""An answer older than this no longer speaks for the controller that runs now."""


class ControllerOrder:
    """Asks a controller for its parameter `joints`, again and again, without waiting.

    Args:
        node: asks.
        controller: name of the controller's node.
        joints: the order in which commands are sent.
    """

    def __init__(self, node: Node, controller: str, joints: tuple[str, ...]) -> None:
        self._controller, self._joints = controller, joints
        service = f"{controller.rstrip('/')}/get_parameters"
        self._client = node.create_client(GetParameters, service)
        self._pending: Any = None
        self._asked_ns: int | None = None
        self._answered_ns: int | None = None
        self._problem = f"{controller} has not told its joints yet; is the controller active?"

    def poll(self, now_ns: int) -> None:
        """Ask when it is time and take an answer that has come; never blocks."""
        if self._pending is not None and self._pending.done():
            self._take(self._pending.result(), now_ns)
            self._pending = None
        due = self._asked_ns is None or now_ns - self._asked_ns >= ASK_EVERY_NS
        if not due:
            return
        if self._pending is not None and now_ns - (self._asked_ns or 0) > ANSWER_WITHIN_NS:
            self._client.remove_pending_request(self._pending)
            self._pending = None
        if self._pending is None and self._client.service_is_ready():
            self._pending = self._client.call_async(GetParameters.Request(names=[PARAMETER]))
            self._asked_ns = now_ns

    def problem(self, now_ns: int) -> str | None:
        """Why arrays must not be sent to the controller; None when its order is the rig file's."""
        if self._problem:
            return self._problem
        if self._answered_ns is None or now_ns - self._answered_ns > ANSWER_WITHIN_NS:
            return f"{self._controller} no longer tells its joints; is the controller still active?"
        return None

    def _take(self, response: Any, now_ns: int) -> None:
        values = response.values if response is not None else []
        if len(values) != 1 or values[0].type != ParameterType.PARAMETER_STRING_ARRAY:
            self._problem = f"{self._controller} has no parameter '{PARAMETER}' that lists joints"
            return
        self._answered_ns = now_ns
        found = tuple(values[0].string_array_value)
        self._problem = "" if found == self._joints else self._difference(found)

    def _difference(self, found: tuple[str, ...]) -> str:
        return (
            f"{self._controller} takes its array in the order [{', '.join(found)}], the rig file's "
            f"joints are [{', '.join(self._joints)}]; write them in the controller's order"
        )
