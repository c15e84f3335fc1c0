"""What teleoperation hears of a deadman, over the middleware, in this process."""

from collections.abc import Callable

import pytest
import rclpy
from sensor_msgs.msg import JointState, Joy
from support.graph import wait_for
from support.guarded_arm import DESCRIPTION, JOINTS, guarded

from teleop_collect import topics
from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.clock import SystemClock, both_ns
from teleop_collect.nodes import conversions
from teleop_collect.nodes.arm_inputs import deadman_input
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.config import Arm, Teleop
from teleop_collect.samples import JointSample
from teleop_collect.teleop.build import build_chain

PEDAL = {"driver": "joy", "topic": "pedal/joy", "button": 1}
TRIGGER = {"driver": "leader_joint", "joint": "gripper", "threshold_rad": 0.5}
LEADER = {"driver": "topic", "topic": "leader/of_test", "rate_hz": 200, "joints": JOINTS}


@pytest.fixture(scope="module")
def node():
    number, lock = claim_free_domain()
    context = rclpy.Context()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        rclpy.init(args=[], context=context, domain_id=number)
        node = rclpy.create_node("deadman_under_test", context=context)
        yield node
        node.destroy_node()
        rclpy.shutdown(context=context)
    lock.close()


class Operator:
    """Holds a deadman or not, and hears why the arm may not move."""

    def __init__(self, node, deadman: dict) -> None:
        self._clock = SystemClock()
        self._is_pedal = deadman is PEDAL
        data = guarded(wrench=None).model_dump() | {"leader": LEADER, "deadman": deadman}
        arm = Arm.model_validate(data)
        chain = build_chain("main", arm, DESCRIPTION, Teleop())
        self._deadman, self._input = chain.deadman, deadman_input(node, arm, chain)
        kind, topic = (Joy, PEDAL["topic"]) if self._is_pedal else (JointState, LEADER["topic"])
        self._publisher = node.create_publisher(kind, topic, profile(topics.FAST_QOS))

    def reason(self) -> str:
        now_ns, utc_ns = both_ns(self._clock)
        self._input.feed(now_ns, utc_ns)
        doubt = self._deadman.doubt(now_ns, utc_ns)
        return "" if doubt is None else doubt.reason

    def hears(self, message: Callable[[], Joy | JointState], expected: str) -> None:
        """Publish until the reason is, or contains, what is expected; "" for none."""

        def heard() -> bool:
            self._publisher.publish(message())
            reason = self.reason()
            return expected in reason if expected else not reason

        wait_for(heard, 20, expected or "the deadman to be held")

    def pressed(self, held: bool, age_s: float = 0.0) -> Joy | JointState:
        stamp_ns = self._clock.utc_ns() - round(age_s * 1e9)
        if self._is_pedal:
            joy = Joy(buttons=[0, int(held)])
            joy.header.stamp = conversions.time_message(stamp_ns)
            return joy
        positions = (*(0.0 for _ in JOINTS[1:]), 0.9 if held else 0.1)
        return conversions.joint_state(JointSample(stamp_ns, JOINTS, positions))

    def without_it(self) -> Joy | JointState:
        """A message that lacks the button or the joint."""
        message = self.pressed(True)
        if self._is_pedal:
            message.buttons = [1]
        else:
            message.name, message.position = message.name[:-1], message.position[:-1]
        return message


@pytest.mark.parametrize(
    ("deadman", "released", "missing"),
    [
        (PEDAL, "is not held: button is up", "its messages have no button 1, only 1 buttons"),
        (
            TRIGGER,
            "is not held: at 0.100 rad, held above 0.5 rad",
            "is not held: the leader's message misses it",
        ),
    ],
    ids=["pedal", "leader joint"],
)
def test_the_arm_may_move_while_a_fresh_message_says_that_it_is_held(
    node, deadman, released, missing
):
    operator = Operator(node, deadman)
    assert "sample has arrived" in operator.reason()
    operator.hears(lambda: operator.pressed(True), "")
    operator.hears(lambda: operator.pressed(False), released)
    operator.hears(lambda: operator.pressed(True), "")
    operator.hears(operator.without_it, missing)
    operator.hears(lambda: operator.pressed(True), "")
    # Sent now, but what it says was so a second ago.
    operator.hears(lambda: operator.pressed(True, age_s=1.0), "sample is 1.0")
    operator.hears(lambda: operator.pressed(True), "")
    wait_for(lambda: "s old (received 0." in operator.reason(), 20, "silence to count as released")
