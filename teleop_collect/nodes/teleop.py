"""Node `teleop`: from leader to follower through the safety chain, once a tick for every arm."""

import json

from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S, SystemClock, both_ns
from teleop_collect.errors import CheckFailed
from teleop_collect.nodes import conversions
from teleop_collect.nodes.arm_topics import ArmTopics
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher, Row
from teleop_collect.nodes.gate import RigGate
from teleop_collect.nodes.host import Host, answering, run_node
from teleop_collect.nodes.leader_arrivals import LeaderArrivals
from teleop_collect.nodes.qos import profile
from teleop_collect.nodes.rearm_gate import RearmGate
from teleop_collect.process import prefer_control, settle_memory
from teleop_collect.rig.description import descriptions_of
from teleop_collect.teleop.build import build_group
from teleop_collect.teleop.chain import Tick
from teleop_collect.teleop.status import status_values

REPLAY_SILENT_S = 5.0
"""A replay that leads asks for something at every tick; one that is silent for so long has died."""
LEVEL_OF_STATE = {"ENGAGED": "ok", "ALIGNING": "warn", "HOLD": "warn", "FAULT": "error"}


class TeleopNode:
    """All arms' chains, ticked together."""

    def __init__(self, host: Host) -> None:
        self._host = host
        loaded = host.rig()
        teleop = loaded.rig.teleop
        self._clock = SystemClock()
        self._group = build_group(loaded)
        self._gate = RigGate(host, loaded)
        self._rearm = RearmGate(host, self._group, lambda: self._gate.reason() or self._rival())
        node = host.node
        descriptions = descriptions_of(loaded.rig, loaded.path)
        chains = self._group.chains
        self._arms = [
            ArmTopics(node, name, arm, chains[name], descriptions[name], teleop, loaded.path)
            for name, arm in loaded.rig.arms.items()
        ]
        for name, chain in chains.items():
            if chain.limits_off:
                off = ", ".join(chain.limits_off)
                node.get_logger().warning(f"{name}: limits that do not act: {off}")
        self._rate_hz = teleop.rate_hz
        self._replays, self._replays_since_ns = False, 0
        self._arrivals = self._leader_arrivals()
        self._status = node.create_publisher(
            DiagnosticArray, topics.TELEOP_STATUS, profile(topics.FAST_QOS)
        )
        self._events = node.create_publisher(
            String, topics.EPISODE_EVENT, profile(topics.EVENT_QOS)
        )
        node.create_service(SetBool, topics.TELEOP_ENGAGE, answering(self._engage))
        node.create_service(SetBool, topics.TELEOP_REPLAY, answering(self._replay))
        node.create_service(Trigger, topics.TELEOP_STOP, answering(lambda _: self._stop()))
        self._episodes = node.create_subscription(
            String, topics.EPISODE, self._on_episode, profile(topics.LATCHED_QOS)
        )
        self._ticks: dict[str, Tick] = {}
        self._diagnostics = DiagnosticsPublisher(host, self._rows)

    def _leader_arrivals(self) -> LeaderArrivals:
        leaders = [arm.arrivals for arm in self._arms]
        return LeaderArrivals(self._host.node, leaders, self._rate_hz)

    def run(self) -> None:
        """Tick until the stop."""
        settle_memory()
        while not self._host.stop.is_set:
            self._arrivals.wait()
            with self._host.lock:
                # Not the time of waking: a service may have held the lock since, and ages are
                # told from both clocks.
                self._tick(*both_ns(self._clock))

    def _tick(self, now_ns: int, stamp_ns: int) -> None:
        for arm in self._arms:
            arm.feed(now_ns, stamp_ns)
        self._watch_orders(now_ns)
        self._ticks = self._group.tick(now_ns, stamp_ns)
        self._rearm.watch(self._ticks.values(), now_ns)
        for arm in self._arms:
            arm.publish(self._ticks[arm.name], stamp_ns)
            self._report_transitions(arm.name, self._ticks[arm.name])
        self._status.publish(
            conversions.diagnostics(
                stamp_ns, [conversions.diagnostic(*row) for row in self._rows()]
            )
        )

    def _report_transitions(self, arm: str, tick: Tick) -> None:
        for (before, after), reason in zip(tick.transitions, tick.explanations, strict=True):
            log = self._host.node.get_logger()
            log.info(f"{arm}: {before.name} -> {after.name}: {reason}")
            event = {"kind": "teleop", "arm": arm, "from": before.name, "to": after.name}
            self._events.publish(String(data=json.dumps({**event, "reason": reason})))

    def _rows(self) -> list[Row]:
        return [
            (
                f"teleop: {arm}",
                LEVEL_OF_STATE.get(tick.state.name, "stale"),
                tick.reason,
                status_values(tick, self._group.chains[arm].limits_off),
            )
            for arm, tick in self._ticks.items()
        ]

    def _engage(self, request: SetBool.Request) -> str:
        with self._host.lock:
            if not request.data:
                self._group.disarm()
                self._take_replay(False)
                return "disarmed"
            self._drop_silent_replay()
            now_ns = self._clock.monotonic_ns()
            reason = self._gate.reason() or self._rival() or self._order_problem(now_ns)
            answer = self._group.engage(now_ns, reason)
        if not answer.accepted:
            raise CheckFailed(answer.message)
        return answer.message

    def _on_episode(self, message: String) -> None:
        """Aligning is armed anew by each episode."""
        try:
            episode = json.loads(message.data)
        except json.JSONDecodeError:
            return
        if not isinstance(episode, dict) or episode.get("state") not in ("recording", "practice"):
            return
        name = str(episode.get("episode_id") or episode["state"])
        self._rearm.episode_begins(name)

    def _replay(self, request: SetBool.Request) -> str:
        with self._host.lock:
            if request.data:
                self._begin_replay()
                return "a replay leads now, until disarmed"
            if self._replays and self._group.is_armed:
                # A fault, as by a stop, stays until a person disarms.
                self._group.disarm()
            self._take_replay(False)
        return "the leader leads again"

    def _begin_replay(self) -> None:
        self._drop_silent_replay()
        if self._replays:
            raise CheckFailed("another replay leads; end it, or disarm teleoperation")
        if self._group.is_armed:
            raise CheckFailed("teleoperation is engaged; disarm it before a replay")
        if (fault := self._group.fault) is not None:
            raise CheckFailed(f"teleoperation is in fault ({fault}); disarm it before a replay")
        self._take_replay(True)

    def _drop_silent_replay(self) -> None:
        """Let the leader lead again after a replay that was killed in its place."""
        if not self._replays or self._group.is_armed:
            return
        leads_s = (self._clock.monotonic_ns() - self._replays_since_ns) / NS_PER_S
        ages_s = [tick.leader_age_s for tick in self._ticks.values()]
        if leads_s > REPLAY_SILENT_S and all(a is None or a > REPLAY_SILENT_S for a in ages_s):
            self._take_replay(False)

    def _take_replay(self, replays: bool) -> None:
        """Let a replay or the leaders lead; the latter always after disarming."""
        if replays == self._replays:
            return
        for arm in self._arms:
            arm.follow_replay(replays)
        self._replays, self._replays_since_ns = replays, self._clock.monotonic_ns()
        self._arrivals = self._leader_arrivals()

    def _order_problem(self, now_ns: int) -> str | None:
        return next((text for a in self._arms if (text := a.order_problem(now_ns))), None)

    def _watch_orders(self, now_ns: int) -> None:
        """A controller that was restarted with another order must not get the old one's arrays."""
        problem = self._order_problem(now_ns)
        if problem is not None and self._group.is_armed:
            self._group.stop(problem)

    def _rival(self) -> str | None:
        for topic in (topic for arm in self._arms for topic in arm.command_topics):
            count = self._host.node.count_publishers(topic)
            if count > 1:
                return (
                    f"{count} nodes publish {topic}, only this one may; "
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
