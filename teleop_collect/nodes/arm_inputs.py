"""What else teleoperation hears of an arm: its wrench, its deadman, and its driver's own clamps."""

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import WrenchStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState, Joy

from teleop_collect import topics
from teleop_collect.nodes import conversions
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.sample_decoders import JointStateDecoder, WrenchDecoder
from teleop_collect.rig.config import Arm, JointDeadman, JoyDeadman, TopicLeader
from teleop_collect.samples import JointSample
from teleop_collect.teleop.chain import TeleopChain

CLAMP_COUNTERS = ("clamped_commands", "held_commands", "refused_commands")
"""Counters of a follower's driver that grow when it sends something else than it was told."""


class WrenchInput:
    """Feeds the wrench guard."""

    def __init__(self, node: Node, arm: Arm, chain: TeleopChain) -> None:
        own = topics.arm_topic(arm.prefix, topics.FOLLOWER_WRENCH)
        topic = (arm.wrench.topic if arm.wrench is not None else "") or own
        self._chain = chain
        self._samples = PolledSubscription(
            node, WrenchStamped, topic, profile(topics.FAST_QOS), decode=WrenchDecoder()
        )

    def feed(self, now_ns: int, utc_ns: int) -> None:
        """Hand over every sample with its time of reception."""
        for taken in self._samples.drain():
            receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
            self._chain.wrench_received(taken.message, receive_ns)


class JoyDeadmanInput:
    """A deadman that is a button of a Joy."""

    def __init__(self, node: Node, deadman: JoyDeadman, chain: TeleopChain) -> None:
        self._config, self._chain = deadman, chain
        self._joys = PolledSubscription(node, Joy, deadman.topic, profile(topics.FAST_QOS))

    def feed(self, now_ns: int, utc_ns: int) -> None:
        """Hand over whether the button was down in the newest message."""
        taken = self._joys.newest()
        if taken is None or self._chain.deadman is None:
            return
        buttons, button = taken.message.buttons, self._config.button
        held, text = False, f"its messages have no button {button}, only {len(buttons)} buttons"
        if button < len(buttons):
            held, text = bool(buttons[button]), "button is up"
        stamp_ns = conversions.stamp_ns(taken.message.header.stamp)
        receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
        self._chain.deadman.received(held, text, stamp_ns, receive_ns)

    def close(self) -> None:
        """Drop the subscription."""
        self._joys.close()


class JointDeadmanInput:
    """A deadman that is a joint of the leader."""

    def __init__(self, node: Node, deadman: JointDeadman, arm: Arm, chain: TeleopChain) -> None:
        self._config, self._chain = deadman, chain
        own = topics.arm_topic(arm.prefix, topics.LEADER_JOINT_STATES)
        topic = arm.leader.topic if isinstance(arm.leader, TopicLeader) else own
        self._joints = PolledSubscription(
            node, JointState, topic, profile(topics.FAST_QOS), decode=JointStateDecoder()
        )

    def feed(self, now_ns: int, utc_ns: int) -> None:
        """Hand over on which side of its threshold the joint is."""
        taken = self._joints.newest()
        if taken is None or self._chain.deadman is None:
            return
        sample: JointSample = taken.message
        held, text = self._held(sample)
        receive_ns = min(now_ns, taken.received_ns + now_ns - utc_ns)
        self._chain.deadman.received(held, text, sample.stamp_ns, receive_ns)

    def close(self) -> None:
        """Drop the subscription."""
        self._joints.close()

    def _held(self, sample: JointSample) -> tuple[bool, str]:
        """Whether the joint counts as held, and its value and threshold in words."""
        config = self._config
        position = dict(zip(sample.names, sample.position, strict=False)).get(config.joint)
        if position is None:
            return False, "the leader's message misses it"
        beyond = position - config.threshold_rad
        text = f"at {position:.3f} rad, held {config.pressed} {config.threshold_rad:g} rad"
        return beyond > 0 if config.pressed == "above" else beyond < 0, text


DeadmanInput = JoyDeadmanInput | JointDeadmanInput


def deadman_input(node: Node, arm: Arm, chain: TeleopChain) -> DeadmanInput | None:
    """The input that fits the arm's deadman; None without one."""
    if arm.deadman is None:
        return None
    if isinstance(arm.deadman, JointDeadman):
        return JointDeadmanInput(node, arm.deadman, arm, chain)
    return JoyDeadmanInput(node, arm.deadman, chain)


class DriverReports:
    """What the follower's driver says on /diagnostics of commands that it did not send as told."""

    def __init__(self, node: Node, name: str, chain: TeleopChain) -> None:
        self._name = f"follower_arm: follower {name}"
        self._chain = chain
        self._counts: dict[str, int] = {}
        self._reports = PolledSubscription(
            node, DiagnosticArray, topics.DIAGNOSTICS, profile(topics.FAST_QOS)
        )

    def feed(self, now_ns: int) -> None:
        """Hand over what has grown since the last report."""
        for taken in self._reports.drain():
            status = conversions.driver_statuses(taken.message).by_name.get(self._name)
            if status is not None:
                self._compare(status.values, now_ns)

    def _compare(self, values: Mapping[str, str], now_ns: int) -> None:
        for counter in CLAMP_COUNTERS:
            text = values.get(counter, "")
            if not text.isdigit():
                continue
            before, self._counts[counter] = self._counts.get(counter), int(text)
            if before is not None and int(text) > before:
                last = values.get("last_clamp", "") if counter == "clamped_commands" else ""
                grown = f"driver reports {int(text) - before} more {counter.replace('_', ' ')}"
                self._chain.driver_clamped(f"{grown} {last}".strip(), now_ns)
