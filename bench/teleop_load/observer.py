"""Hears leader, teleoperation and relay as a follower's driver would, and notes when.

Times of reception are the middleware's own, so nothing depends on how often this process looks.
"""

from collections.abc import Callable
from typing import Any, Self

import rclpy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.load import LoadedRig

from .gate import OpenGate

DEPTH = 5000


class Observer:
    """A node of the bench's own."""

    def __init__(self, loaded: LoadedRig) -> None:
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node: Any = rclpy.create_node("bench_observer", context=self._context)
        arm = next(iter(loaded.rig.arms.values()))
        deep = profile(topics.FAST_QOS, depth=DEPTH)
        kinds = {
            "leader": (JointState, topics.LEADER_JOINT_STATES),
            "requested": (JointState, topics.ACTION_REQUESTED),
            "command": (JointTrajectory, arm.follower.command_topic),
        }
        self._subscriptions = {
            name: PolledSubscription(self._node, kind, topic, deep)
            for name, (kind, topic) in kinds.items()
        }
        self._gate = OpenGate(self._node, loaded)

    def drain(self, name: str) -> list[Any]:
        """What has come of one stream since the last call."""
        return list(self._subscriptions[name].drain())

    def forget(self) -> None:
        """Let everything go that has come."""
        for subscription in self._subscriptions.values():
            subscription.newest()

    def samples(self, name: str) -> list[tuple[int, int, tuple[float, ...]]]:
        """(stamp, reception, positions) of what has come, ns."""
        read: Callable[[Any], tuple[float, ...]] = _positions
        return [
            (conversions.stamp_ns(t.message.header.stamp), t.received_ns, read(t.message))
            for t in self.drain(name)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)


def _positions(message: JointState | JointTrajectory) -> tuple[float, ...]:
    if isinstance(message, JointTrajectory):
        return tuple(conversions.commanded_positions(message).values())
    return tuple(message.position)
