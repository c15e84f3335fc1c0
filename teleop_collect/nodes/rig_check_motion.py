"""The rig check's test motion: one arm, through the same chain of limits as teleoperation."""

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S, PacedLoop, SystemClock, both_ns
from teleop_collect.errors import TeleopCollectError
from teleop_collect.nodes.arm_inputs import DeadmanInput, deadman_input
from teleop_collect.nodes.follower_output import CommandTopic, command_topics
from teleop_collect.nodes.host import Host
from teleop_collect.nodes.rig_check_arm import ArmWatch
from teleop_collect.nodes.rig_check_hand import EmulatedHand
from teleop_collect.nodes.teleop_watch import TeleopWatch
from teleop_collect.rig.checks.motion import JointStep, MotionRecord, PosePair
from teleop_collect.rig.checks.motion_plan import SETTLE_S, MotionPlan, Stage
from teleop_collect.rig.config import Arm, Rig, TopicLeader
from teleop_collect.rig.description import RobotDescription, effective_limits
from teleop_collect.samples import FloatArray, JointSample
from teleop_collect.teleop.build import build_chain
from teleop_collect.teleop.state import TeleopState

ENGAGE_TIMEOUT_S = 3.0
STOP_TIMEOUT_S = 3.0
ARRIVE_TIMEOUT_S = 5.0
ARRIVED = 1e-3
"""rad or m between the last command and the plan at the end of a stage."""


class Stopped(Exception):
    """The motion cannot be begun or must not go on; its text says why."""


@dataclass
class _Recording:
    """What is collected while the arm moves."""

    sent: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)
    measured: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)
    steps: list[JointStep] = field(default_factory=list)
    poses: list[PosePair] = field(default_factory=list)
    forces_n: list[tuple[float, float, float]] = field(default_factory=list)


class ArmMotion:
    """Moves one arm through its plan and back, and records it.

    Args:
        host: the process's ROS side.
        rig: the rig.
        name: of the arm.
        description: its URDF.
    """

    def __init__(self, host: Host, rig: Rig, name: str, description: RobotDescription) -> None:
        self._host, self._arm = host, rig.arms[name]
        self._step_rad, self._rate_hz = rig.check.motion_rad, rig.teleop.rate_hz
        self._clock = SystemClock()
        self._bounds = effective_limits(self._arm, description)
        types = {j: description.joints[j].type for j in self._arm.joints}
        self._linear = frozenset(j for j, kind in types.items() if kind == "prismatic")
        self._chain = build_chain(name, _led_by_itself(self._arm), description, rig.teleop)
        self._loop = PacedLoop(self._rate_hz, self._clock)
        self._recording = _Recording()
        self._wish: tuple[float, ...] | None = None
        self._deadman: DeadmanInput | None = None
        self._reason = ""

    def run(self) -> MotionRecord:
        """Move, and return what happened; says in the record why it did not or stopped."""
        reason = ""
        watch = ArmWatch(self._host.node, self._arm)
        hand = EmulatedHand(self._arm)
        self._teleop = TeleopWatch(self._host.node)
        try:
            if (rival := self._teleop.first_problem()) is not None:
                raise Stopped(rival)
            self._move(watch, hand)
        except (Stopped, TeleopCollectError) as error:
            reason = str(error)
        finally:
            hand.let_go()
            self._teleop.close()
            watch.close()
        return self._record(reason)

    def _move(self, watch: ArmWatch, hand: EmulatedHand) -> None:
        outputs = command_topics(self._host.node, self._arm)
        self._loop = PacedLoop(self._rate_hz, self._clock)
        self._deadman = deadman_input(self._host.node, self._arm, self._chain)
        try:
            base = self._engage(watch, outputs)
            plan = MotionPlan.of(base, self._bounds, self._linear, self._step_rad)
            self._follow(plan, watch, hand, outputs)
        finally:
            self._brake(watch, outputs)
            for used in (*outputs, *((self._deadman,) if self._deadman else ())):
                used.close()

    def _engage(self, watch: ArmWatch, outputs: tuple[CommandTopic, ...]) -> dict[str, float]:
        """Arm the chain where the follower is; returns its posture."""
        deadline = time.monotonic() + ENGAGE_TIMEOUT_S
        answer = "nothing heard of the follower"
        while time.monotonic() < deadline and not self._host.stop.is_set:
            now_ns = self._tick(watch, outputs)
            self._refuse_trouble()
            if watch.follower is None:
                continue
            found = watch.follower.by_name()
            if missing := [j for j in self._arm.joints if j not in found]:
                raise Stopped(f"the follower does not tell {', '.join(missing)}")
            base = {j: found[j] for j in self._arm.joints}
            self._wish = tuple(base.values())
            engaged = self._chain.engage(now_ns)
            if engaged.accepted:
                return base
            answer = engaged.message
        raise Stopped(answer)

    def _follow(
        self,
        plan: MotionPlan,
        watch: ArmWatch,
        hand: EmulatedHand,
        outputs: tuple[CommandTopic, ...],
    ) -> None:
        start_ns = self._clock.monotonic_ns()
        for index, (stage, end_s) in enumerate(zip(plan.stages, plan.ends_s(), strict=True)):
            hand.take_to(stage.target)
            watch.forget_forces()
            begin_ns = self._clock.utc_ns()
            while (t_s := (self._clock.monotonic_ns() - start_ns) / NS_PER_S) < end_s:
                wish = plan.wish(t_s)
                self._wish = tuple(wish[j] for j in self._arm.joints)
                self._tick(watch, outputs)
                self._refuse_trouble()
            start_ns += self._arrive(watch, outputs)
            self._finish_stage(stage, begin_ns, watch, hand, last=index == len(plan.stages) - 1)

    def _arrive(self, watch: ArmWatch, outputs: tuple[CommandTopic, ...]) -> int:
        """Wait while limits or late ticks keep the command behind the plan; returns the ns taken.

        Raises:
            Stopped: it does not get there.
        """
        begin_ns = self._clock.monotonic_ns()
        while not self._is_there():
            waited_s = (self._clock.monotonic_ns() - begin_ns) / NS_PER_S
            if waited_s > ARRIVE_TIMEOUT_S:
                raise Stopped(f"the command is held back: {self._reason or 'by the limits'}")
            self._tick(watch, outputs)
            self._refuse_trouble()
            if self._is_there():
                self._settle(watch, outputs)
        return self._clock.monotonic_ns() - begin_ns

    def _is_there(self) -> bool:
        """Whether the last command is the plan's posture."""
        sent = self._recording.sent
        wish = self._wish or ()
        return bool(sent) and all(
            abs(s - w) <= ARRIVED for s, w in zip(sent[-1][1], wish, strict=True)
        )

    def _settle(self, watch: ArmWatch, outputs: tuple[CommandTopic, ...]) -> None:
        until_ns = self._clock.monotonic_ns() + round(SETTLE_S * NS_PER_S)
        while self._clock.monotonic_ns() < until_ns:
            self._tick(watch, outputs)
            self._refuse_trouble()

    def _finish_stage(
        self, stage: Stage, begin_ns: int, watch: ArmWatch, hand: EmulatedHand, *, last: bool
    ) -> None:
        keep = self._recording
        if stage.joint:
            keep.steps.append(JointStep(stage.joint, begin_ns, self._clock.utc_ns()))
        elif not last and (force := watch.mean_force_n()) is not None:
            keep.forces_n.append(force)
        if hand.holds and not last and (pair := watch.pose_pair()) is not None:
            keep.poses.append(pair)

    def _tick(self, watch: ArmWatch, outputs: tuple[CommandTopic, ...]) -> int:
        """One tick of the chain, as teleoperation does it."""
        self._loop.wait()
        now_ns, utc_ns = both_ns(self._clock)
        for sample, received_ns in watch.poll():
            self._chain.follower_received(sample, min(now_ns, received_ns + now_ns - utc_ns))
            positions = sample.by_name()
            row = tuple(positions.get(j, float("nan")) for j in self._arm.joints)
            self._recording.measured.append((sample.stamp_ns, row))
        for wrench, received_ns in watch.wrenches:
            self._chain.wrench_received(wrench, min(now_ns, received_ns + now_ns - utc_ns))
        if self._deadman is not None:
            self._deadman.feed(now_ns, utc_ns)
        if self._wish is not None:
            wish = JointSample(utc_ns, self._arm.joints, self._wish)
            self._chain.leader_received(wish, now_ns)
        tick = self._chain.tick(now_ns, utc_ns)
        if tick.action_sent is not None:
            sent = JointSample(utc_ns, self._arm.joints, tick.action_sent)
            for output in outputs:
                output.publish(sent, 1.0 / self._rate_hz)
            self._recording.sent.append((utc_ns, tick.action_sent))
        self._reason = tick.reason
        return now_ns

    def _refuse_trouble(self) -> None:
        if self._host.stop.is_set:
            raise Stopped("the rig check was stopped")
        if self._chain.state is TeleopState.FAULT:
            raise Stopped(f"broken off: {self._reason}")
        if (problem := self._teleop.problem()) is not None:
            raise Stopped(f"broken off: {problem}")

    def _brake(self, watch: ArmWatch, outputs: tuple[CommandTopic, ...]) -> None:
        """Come to rest within the limits, then send nothing."""
        self._chain.disarm()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        sent = -1
        while sent != len(self._recording.sent) and time.monotonic() < deadline:
            sent = len(self._recording.sent)
            self._tick(watch, outputs)

    def _record(self, reason: str) -> MotionRecord:
        keep, joints = self._recording, self._arm.joints
        sent_ns, sent = _columns(keep.sent, len(joints))
        measured_ns, measured = _columns(keep.measured, len(joints))
        return MotionRecord(
            joints,
            sent_ns,
            sent,
            measured_ns,
            measured,
            tuple(keep.steps),
            tuple(keep.poses),
            tuple(keep.forces_n),
            reason,
        )


def _led_by_itself(arm: Arm) -> Arm:
    """The arm with a leader of the same joints: what is asked is a posture of the follower.

    The deadman stays: whoever lets the check move the arm holds it.
    """
    leader = TopicLeader(driver="topic", rate_hz=arm.leader.rate_hz, joints=arm.joints)
    return arm.model_copy(update={"leader": leader, "mapping": {}})


def _columns(
    rows: list[tuple[int, tuple[float, ...]]], width: int
) -> tuple[NDArray[np.int64], FloatArray]:
    times = np.array([at for at, _ in rows], np.int64)
    return times, np.array([row for _, row in rows], float).reshape(-1, width)
