"""Waits for the leaders' samples without an executor, so that one tick follows each at once."""

from collections.abc import Sequence

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from teleop_collect.clock import SystemClock
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.teleop.tick_schedule import TickSchedule


class LeaderArrivals:
    """Sleeps until the next tick is due.

    With several arms a tick waits for the last of their leaders: all arms are ticked together.

    Args:
        node: of the subscriptions.
        subscriptions: of each leader the one whose messages set ticks; drained by its owner.
        rate_hz: nominal rate of ticks.
    """

    def __init__(
        self, node: Node, subscriptions: Sequence[PolledSubscription], rate_hz: float
    ) -> None:
        self._handles = [subscription.handle for subscription in subscriptions]
        self._schedule = TickSchedule(rate_hz)
        self._clock = SystemClock()
        self._wait_set = rclpy_implementation.WaitSet(
            len(self._handles), 0, 0, 0, 0, 0, node.context.handle
        )

    def wait(self) -> None:
        """Sleep until the next tick."""
        self._clock.sleep_until_ns(self._schedule.earliest_ns())
        by_sample = self._all_arrive_by(self._schedule.latest_ns())
        self._schedule.ticked(self._clock.monotonic_ns(), by_sample=by_sample)

    def _all_arrive_by(self, latest_ns: int) -> bool:
        missing = self._handles
        while missing:
            left_ns = latest_ns - self._clock.monotonic_ns()
            missing = self._missing_after(missing, max(left_ns, 0))
            if left_ns <= 0:
                break
        return not missing

    def _missing_after(self, handles: Sequence[object], timeout_ns: int) -> list[object]:
        """The subscriptions that have nothing to take when one has or the time is over."""
        wait_set = self._wait_set
        with wait_set:
            wait_set.clear_entities()
            for handle in handles:
                wait_set.add_subscription(handle)
            wait_set.wait(timeout_ns)
            return [h for i, h in enumerate(handles) if not wait_set.is_ready("subscription", i)]
