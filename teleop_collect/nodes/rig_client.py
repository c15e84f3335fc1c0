"""A person's side of a running rig: calls its services, sets parameters, watches its state.

Used by the operator's terminal and by the demo; it holds no rules of its own.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Self

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from teleop_collect import topics
from teleop_collect.errors import CheckFailed, DeviceError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.samples import Pose

POLL_S = 0.02


class Answer(NamedTuple):
    """What a service said."""

    success: bool
    message: str


class RigClient:
    """One client node; use it as a context manager and from one thread."""

    def __init__(self, objects: tuple[str, ...] = ()) -> None:
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("rig_client", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._clients: dict[str, Any] = {}
        latched = profile(topics.LATCHED_QOS)
        self._latched = {
            name: PolledSubscription(self._node, String, name, latched)
            for name in (topics.EPISODE, topics.SIM_OPERATOR_STATUS, topics.RIG_CHECK_RESULT)
        }
        self._states: dict[str, dict[str, Any]] = {name: {} for name in self._latched}
        self._events = PolledSubscription(
            self._node, String, topics.EPISODE_EVENT, profile(topics.EVENT_QOS)
        )
        self._diagnostics = PolledSubscription(
            self._node, DiagnosticArray, topics.DIAGNOSTICS, profile(topics.EVENT_QOS)
        )
        self._teleop = PolledSubscription(
            self._node, DiagnosticArray, topics.TELEOP_STATUS, profile(topics.FAST_QOS)
        )
        self._teleop_states: dict[str, str] = {}
        self._objects = {
            name: PolledSubscription(
                self._node, PoseStamped, topics.object_topic(name), profile(topics.FAST_QOS, 1)
            )
            for name in objects
        }
        self._poses: dict[str, Pose] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def state(self, topic: str) -> dict[str, Any]:
        """Latest JSON of a latched topic; empty before the first."""
        if (taken := self._latched[topic].newest()) is not None:
            self._states[topic] = json.loads(taken.message.data)
        return self._states[topic]

    def events(self) -> list[dict[str, Any]]:
        """Events of the rig since the last call, oldest first."""
        events = []
        for taken in self._events.drain():
            with suppress(json.JSONDecodeError):
                events.append(json.loads(taken.message.data))
        return [event for event in events if isinstance(event, dict)]

    def diagnostics(self) -> dict[str, dict[str, str]]:
        """Statuses published since the last call, by name: `message` and every value."""
        return {
            status.name: {"message": status.message, **{v.key: v.value for v in status.values}}
            for taken in self._diagnostics.drain()
            for status in taken.message.status
        }

    def teleop_states(self) -> dict[str, str]:
        """State of teleoperation now, by arm; empty before it was heard."""
        if (taken := self._teleop.newest()) is not None:
            self._teleop_states = {
                status.name: value.value
                for status in taken.message.status
                for value in status.values
                if value.key == "state"
            }
        return self._teleop_states

    def poses(self) -> dict[str, Pose]:
        """Latest pose of each tracked object that has been seen."""
        for name, subscription in self._objects.items():
            if (taken := subscription.newest()) is not None:
                self._poses[name] = conversions.pose_sample(taken.message).pose
        return dict(self._poses)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until `condition()`.

        Raises:
            DeviceError: it did not come true in time.
        """
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise DeviceError(f"waited {timeout_s:g} s for {what}; it did not come")
            time.sleep(POLL_S)

    def trigger(self, service: str, timeout_s: float = 10.0) -> Answer:
        """Call a Trigger service."""
        response = self._call(service, Trigger, Trigger.Request(), timeout_s)
        return Answer(response.success, response.message)

    def set_bool(self, service: str, value: bool, timeout_s: float = 10.0) -> Answer:
        """Call a SetBool service."""
        response = self._call(service, SetBool, SetBool.Request(data=value), timeout_s)
        return Answer(response.success, response.message)

    def set_parameters(self, node: str, values: dict[str, Any], timeout_s: float = 10.0) -> None:
        """Set parameters of a node.

        Raises:
            CheckFailed: the node refused one.
        """
        messages: list[ParameterMessage] = [
            Parameter(name, value=value).to_parameter_msg() for name, value in values.items()
        ]
        request = SetParameters.Request(parameters=messages)
        response = self._call(f"{node}/set_parameters", SetParameters, request, timeout_s)
        for name, result in zip(values, response.results, strict=True):
            if not result.successful:
                raise CheckFailed(f"{node} refused parameter {name}: {result.reason}")

    def is_up(self, service: str) -> bool:
        """Whether somebody serves `service` now."""
        name = self._node.resolve_service_name(service)
        return any(name == found for found, _ in self._node.get_service_names_and_types())

    def appears(self, service: str, timeout_s: float) -> bool:
        """Whether somebody serves `service`, waiting up to `timeout_s` for discovery."""
        deadline = time.monotonic() + timeout_s
        while not self.is_up(service) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return self.is_up(service)

    def _client(self, service: str, service_type: Any) -> Any:
        if service not in self._clients:
            self._clients[service] = self._node.create_client(service_type, service)
        return self._clients[service]

    def _call(self, service: str, service_type: Any, request: Any, timeout_s: float) -> Any:
        client = self._client(service, service_type)
        self.wait_until(client.service_is_ready, timeout_s, f"service {service}")
        future = client.call_async(request)
        self._executor.spin_until_future_complete(future, timeout_sec=timeout_s)
        if not future.done():
            client.remove_pending_request(future)
            raise DeviceError(f"service {service} did not answer within {timeout_s:g} s")
        return future.result()
