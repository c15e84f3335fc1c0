"""Node `teleop`: from leader to follower through the safety chain, once a tick for every arm."""

import json

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from teleop_collect import topics
from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.errors import CheckFailed
from teleop_collect.nodes import conversions
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.gate import RigGate
from teleop_collect.nodes.host import Host, answering, run_node
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import Arm
from teleop_collect.samples import JointSample
from teleop_collect.teleop.build import build_group
from teleop_collect.teleop.chain import TeleopChain, Tick

LEVEL_OF_STATE = {"ENGAGED": "ok", "ALIGNING": "warn", "HOLD": "warn", "FAULT": "error"}


class ArmTopics:
    """The topics of one arm's chain."""

    def __init__(self, node: Node, name: str, arm: Arm, period_s: float) -> None:
        self.name = name
        self._joints = arm.joints
        self._period_s = period_s
        inputs = profile(topics.FAST_QOS)
        outputs = profile(topics.FAST_QOS)

        def arm_topic(topic: str) -> str:
            return topics.arm_topic(arm.prefix, topic)

        self._leader = PolledSubscription(
            node, JointState, arm_topic(topics.LEADER_JOINT_STATES), inputs
        )
        self._follower = PolledSubscription(
            node, JointState, arm_topic(topics.FOLLOWER_JOINT_STATES), inputs
        )
        self._requested = node.create_publisher(
            JointState, arm_topic(topics.ACTION_REQUESTED), outputs
        )
        self._sent = node.create_publisher(JointState, arm_topic(topics.ACTION_SENT), outputs)
        self._as_array = arm.follower.command == "forward_position"
        command_type = Float64MultiArray if self._as_array else JointTrajectory
        self._command = node.create_publisher(
            command_type, arm.follower.command_topic, profile(topics.COMMAND_QOS)
        )
        self.command_topic = arm.follower.command_topic

    def feed(self, chain: TeleopChain, now_ns: int, utc_ns: int) -> None:
        """Give the chain what has arrived since the last tick, with its time of reception."""
        monotonic_minus_utc_ns = now_ns - utc_ns
        for taken in self._leader.drain():
            receive_ns = min(now_ns, taken.received_ns + monotonic_minus_utc_ns)
            chain.leader_received(conversions.joint_sample(taken.message), receive_ns)
        for taken in self._follower.drain():
            receive_ns = min(now_ns, taken.received_ns + monotonic_minus_utc_ns)
            chain.follower_received(conversions.joint_sample(taken.message), receive_ns)

    def publish(self, tick: Tick, stamp_ns: int) -> None:
        """Publish what was asked and what is sent, and command the follower."""
        if tick.action_requested is not None:
            requested = JointSample(stamp_ns, self._joints, tick.action_requested)
            self._requested.publish(conversions.joint_state(requested))
        if tick.action_sent is None:
            return
        sent = JointSample(stamp_ns, self._joints, tick.action_sent)
        if self._as_array:
            self._command.publish(conversions.position_array(sent))
        else:
            self._command.publish(conversions.joint_trajectory(sent, self._period_s))
        self._sent.publish(conversions.joint_state(sent))


class TeleopNode:
    """All arms' chains, ticked together."""

    def __init__(self, host: Host) -> None:
        self._host = host
        loaded = host.rig()
        teleop = loaded.rig.teleop
        self._clock = SystemClock()
        self._group = build_group(loaded)
        self._gate = RigGate(host, loaded)
        self._loop = PacedLoop(teleop.rate_hz, self._clock)
        node = host.node
        self._arms = [
            ArmTopics(node, name, arm, 1.0 / teleop.rate_hz)
            for name, arm in loaded.rig.arms.items()
        ]
        self._status = node.create_publisher(
            DiagnosticArray, topics.TELEOP_STATUS, profile(topics.FAST_QOS)
        )
        self._events = node.create_publisher(
            String, topics.EPISODE_EVENT, profile(topics.EVENT_QOS)
        )
        node.create_service(SetBool, topics.TELEOP_ENGAGE, answering(self._engage))
        node.create_service(Trigger, topics.TELEOP_STOP, answering(lambda _: self._stop()))
        self._ticks: dict[str, Tick] = {}
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def run(self) -> None:
        """Tick until the stop."""
        while not self._host.stop.is_set:
            now_ns = self._loop.wait()
            with self._host.lock:
                self._tick(now_ns, self._clock.utc_ns())

    def _tick(self, now_ns: int, stamp_ns: int) -> None:
        for arm in self._arms:
            arm.feed(self._group.chains[arm.name], now_ns, stamp_ns)
        self._ticks = self._group.tick(now_ns, stamp_ns)
        for arm in self._arms:
            arm.publish(self._ticks[arm.name], stamp_ns)
            self._report_transitions(arm.name, self._ticks[arm.name])
        self._status.publish(
            conversions.diagnostics(
                stamp_ns, [conversions.diagnostic(*row) for row in self._rows()]
            )
        )

    def _report_transitions(self, arm: str, tick: Tick) -> None:
        for before, after in tick.transitions:
            log = self._host.node.get_logger()
            log.info(f"{arm}: {before.name} -> {after.name}: {tick.reason}")
            event = {"kind": "teleop", "arm": arm, "from": before.name, "to": after.name}
            self._events.publish(String(data=json.dumps({**event, "reason": tick.reason})))

    def _rows(self) -> list[Row]:
        return [
            (
                f"teleop: {arm}",
                LEVEL_OF_STATE.get(tick.state.name, "stale"),
                tick.reason,
                {"state": tick.state.name, "limiters": int(tick.limiters)},
            )
            for arm, tick in self._ticks.items()
        ]

    def _engage(self, request: SetBool.Request) -> str:
        with self._host.lock:
            if not request.data:
                self._group.disarm()
                return "disarmed"
            reason = self._gate.reason() or self._rival()
            answer = self._group.engage(self._clock.monotonic_ns(), reason)
        if not answer.accepted:
            raise CheckFailed(answer.message)
        return answer.message

    def _rival(self) -> str | None:
        for arm in self._arms:
            count = self._host.node.count_publishers(arm.command_topic)
            if count > 1:
                return (
                    f"{count} nodes publish {arm.command_topic}, only this one may; "
                    "stop the other or use another ROS_DOMAIN_ID"
                )
        return None

    def _stop(self) -> str:
        with self._host.lock:
            self._group.stop("software stop requested (not a certified safety function)")
        return "software stop latched; disarm, then engage"

    def close(self) -> None:
        """Nothing of its own to release: a follower that hears no command holds by itself."""


def main() -> int:
    """Entry point."""
    prefer_control()
    return run_node("teleop", TeleopNode)


if __name__ == "__main__":
    raise SystemExit(main())
