"""One arm's way from leader to follower, one tick at a time."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from teleop_collect.clock import NS_PER_S
from teleop_collect.rig.config import JointMapping, Teleop
from teleop_collect.samples import JointSample, WrenchSample
from teleop_collect.teleop.alignment import Alignment
from teleop_collect.teleop.arm_command import ArmCommand, joint_limiters
from teleop_collect.teleop.arm_input import ArmInput, Judgement
from teleop_collect.teleop.bounds import JointBounds, JointType, SoftBounds, all_soft_bounds
from teleop_collect.teleop.conditions import Conditions
from teleop_collect.teleop.deadman import DeadmanWatch
from teleop_collect.teleop.guard import Guard
from teleop_collect.teleop.limiter import Limiter
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.mapping import JointMap, JointOrder
from teleop_collect.teleop.pace import Pace, Step
from teleop_collect.teleop.state import TeleopEvent, TeleopState, next_state
from teleop_collect.teleop.suspicion import suspicion
from teleop_collect.teleop.tick import EngageAnswer, Tick, Transition
from teleop_collect.teleop.tracking import WishVelocity
from teleop_collect.teleop.tracking_watch import TrackingWatch
from teleop_collect.teleop.watchdog import Doubt, merged
from teleop_collect.teleop.wrench_guard import WrenchLimit

__all__ = ["EngageAnswer", "TeleopChain", "Tick"]

_FOLLOWING = (TeleopState.ALIGNING, TeleopState.ENGAGED)
_ARMED = (*_FOLLOWING, TeleopState.HOLD)


class TeleopChain:
    """Maps, aligns, limits and watches one leader-follower pair.

    Positions are rad for revolute and continuous joints, m for prismatic ones. Not thread-safe:
    samples, ticks and services must come one after another.

    Args:
        arm_name: for messages.
        joints: all commanded joints; the order of every answer.
        joint_types: by joint, as in the URDF.
        bounds: by joint.
        mapping: by follower joint.
        teleop: rates, margins, alignment and watchdog.
        leader_joints: joints that the leader has; checked against the mapping when given.
        limiters: the limiters of one joint.
        guards: of the whole arm, in the order in which they act.
        deadman: what must be held; None on a rig without.
        leader_knows_velocity: whether the leader's samples carry exact velocities of the follower's
            own joints, as those of a leader in numbers do; else they are estimated.
        limits_off: names of the limiters that do not act on this arm, for status and manifest.

    Attributes:
        arm_name, joints, limits_off: as given.
        bounds: what commands keep to, by joint.
        gate_reason: why following may not begin anew, by an episode or after a hold; else None.
        state: after the last tick.

    Raises:
        ConfigError: a joint lacks a type or bounds, or the mapping names a joint that is not there.
    """

    def __init__(
        self,
        arm_name: str,
        joints: Sequence[str],
        joint_types: Mapping[str, JointType],
        bounds: Mapping[str, JointBounds],
        mapping: Mapping[str, JointMapping],
        teleop: Teleop,
        *,
        leader_joints: Collection[str] | None = None,
        limiters: Callable[[SoftBounds], Sequence[Limiter]] = joint_limiters,
        guards: Sequence[Guard] = (),
        deadman: DeadmanWatch | None = None,
        leader_knows_velocity: bool = False,
        limits_off: Sequence[str] = (),
    ) -> None:
        self.arm_name = arm_name
        self.joints = tuple(joints)
        self.bounds = all_soft_bounds(self.joints, joint_types, bounds, teleop)
        self.limits_off = tuple(limits_off)
        self.deadman = deadman
        self._knows_velocity = leader_knows_velocity
        self.state = TeleopState.DISARMED
        self._map = joint_map = JointMap(self.joints, mapping, leader_joints)
        order = JointOrder("follower", self.joints)
        watchdog = teleop.watchdog
        self._leader = ArmInput(
            "leader", LimiterBits.STALE_LEADER, self.joints, joint_map.wish, watchdog
        )
        self._follower = ArmInput(
            "follower", LimiterBits.STALE_FOLLOWER, self.joints, order.pick, watchdog
        )
        self._alignment = Alignment(self.joints, self.bounds, teleop.align)
        self._command = ArmCommand(self.joints, self.bounds, self._alignment, limiters, guards)
        self._wrench = next((g for g in guards if isinstance(g, WrenchLimit)), None)
        self._conditions = Conditions(self._wrench, deadman)
        is_tracked = "tracking" not in teleop.limits_off
        self._tracking = (
            TrackingWatch(self.joints, self.bounds, teleop.tracking) if is_tracked else None
        )
        self._wish_velocity = WishVelocity(tuple(b.velocity for b in self.bounds))
        self._pace = Pace(teleop.rate_hz)
        self._watchdog = watchdog
        self._utc_minus_monotonic_ns: int | None = None
        self.gate_reason: str | None = None
        self._begins_anew = False
        self._reason = ""
        self._gap: str | None = None
        self._transitions: list[Transition] = []
        self._explanations: list[str] = []
        self._clamp = ""
        self._clamp_until_ns = 0

    def leader_received(
        self, sample: JointSample, receive_ns: int, source_ns: int | None = None
    ) -> None:
        """Take a sample of the leader; see `ArmInput.received`."""
        self._leader.received(sample, receive_ns, source_ns)
        if self._knows_velocity:
            known = sample.names == self.joints and _are_speeds(sample.velocity, self.joints)
            self._wish_velocity.tell(sample.velocity if known else None)

    def leader_heard(self, source_ns: int, receive_ns: int, doubt: Doubt | None = None) -> None:
        """Note a leader's message that asks nothing, and why; see `ArmInput.heard`."""
        self._leader.heard(source_ns, receive_ns, doubt)
        self._wish_velocity.tell(None)

    def follower_received(self, sample: JointSample, receive_ns: int) -> None:
        """Take a sample of the follower, received at monotonic time `receive_ns`."""
        self._follower.received(sample, receive_ns)

    def wrench_received(self, sample: WrenchSample, receive_ns: int) -> None:
        """Take a sample of the wrist sensor; ignored where no wrench guard acts."""
        if self._wrench is not None:
            self._wrench.received(sample, receive_ns)

    @property
    def hold_after_s(self) -> float:
        """Age of an input after which the arm holds, s."""
        return self._watchdog.hold_after_s

    @property
    def watches_wrench(self) -> bool:
        """Whether a wrench guard acts."""
        return self._wrench is not None

    def driver_clamped(self, text: str, now_ns: int) -> None:
        """Note that the follower's driver changed or refused a command; shown for a second."""
        self._clamp, self._clamp_until_ns = text, now_ns + NS_PER_S

    @property
    def fault(self) -> str | None:
        """Why this arm is in fault; None when it is not."""
        return self._reason if self.state is TeleopState.FAULT else None

    def episode_begins(self, episode: str) -> None:
        """Following begins anew: the conditions of engaging are looked at once more."""
        self._begins_anew |= self.state in _FOLLOWING
        self._happen(TeleopEvent.EPISODE, f"episode {episode} begins, aligning again")

    def refusal(self, now_ns: int) -> str | None:
        """Why this arm cannot be engaged at monotonic time `now_ns`; None when it can."""
        if self.state is TeleopState.FAULT:
            return f"{self.arm_name}: in fault ({self._reason}); disarm, then engage"
        if self.state in _ARMED:
            return None
        if not self._command.is_at_rest:
            return f"{self.arm_name}: the arm is still slowing down; engage again"
        if self._utc_minus_monotonic_ns is None:
            return f"{self.arm_name}: teleoperation has not ticked yet; engage again"
        utc_ns = now_ns + self._utc_minus_monotonic_ns
        leader = self._leader.judge(now_ns, utc_ns)
        follower = self._follower.judge(now_ns, utc_ns)
        problem = self._posture_problem(leader, follower) or self._conditions.problem(
            now_ns, utc_ns
        )
        return None if problem is None else f"{self.arm_name}: {problem}"

    def engage(self, now_ns: int) -> EngageAnswer:
        """Arm at monotonic time `now_ns`; the first command is the measured follower position."""
        refusal = self.refusal(now_ns)
        if refusal is not None:
            return EngageAnswer(False, refusal)
        if self.state in _ARMED:
            return EngageAnswer(True, f"{self.arm_name}: already engaged, {self.state.value}")
        self._command.drop()
        self._begins_anew, self.gate_reason = False, None
        self._happen(TeleopEvent.ENGAGE, "engaged by a person; all conditions hold")
        return EngageAnswer(True, f"{self.arm_name}: engaged, aligning follower with leader")

    def disarm(self) -> None:
        """Stop following and clear a fault; a moving arm is still decelerated to rest."""
        self._happen(TeleopEvent.DISARM, "disarmed")

    def stop(self, reason: str) -> None:
        """Software stop: decelerate, hold, and stay in FAULT until disarmed."""
        self._happen(TeleopEvent.STOP, reason)

    def tick(self, now_ns: int, utc_ns: int) -> Tick:
        """Advance to monotonic time `now_ns`, which is `utc_ns` in UTC."""
        self._utc_minus_monotonic_ns = utc_ns - now_ns
        step = self._pace.step(now_ns)
        leader = self._leader.judge(now_ns, utc_ns)
        follower = self._follower.judge(now_ns, utc_ns)
        doubt = self._doubt(leader, follower, step, now_ns, utc_ns)
        self._resume(follower, step)
        bits = self._watch(follower, now_ns)
        is_dead = leader.dead or follower.dead or step.elapsed_s > self._watchdog.fault_after_s
        self._react(leader, follower, doubt, is_dead=is_dead)
        bits |= self._move(leader.positions, leader.stamp_ns, step)
        if doubt is not None:
            bits |= doubt.bits
        elif self.state is TeleopState.HOLD:
            bits |= LimiterBits.ALIGN_REFUSED.value
        if step.pause_s > 0.0:
            bits |= LimiterBits.LATE_TICK.value
        if self._clamp and now_ns < self._clamp_until_ns:
            bits |= LimiterBits.DRIVER_CLAMP.value
        return self._answer(bits, doubt, leader, follower, step)

    def _answer(
        self,
        bits: int,
        doubt: Doubt | None,
        leader: Judgement,
        follower: Judgement,
        step: Step,
    ) -> Tick:
        transitions, self._transitions = tuple(self._transitions), []
        explanations, self._explanations = tuple(self._explanations), []
        clamp = self._clamp if bits & LimiterBits.DRIVER_CLAMP.value else ""
        reasons = (self._explain(leader.positions, doubt), clamp)
        return Tick(
            state=self.state,
            action_requested=leader.read,
            action_sent=self._command.positions() or None,
            velocity_sent=self._command.velocities() or None,
            limiters=LimiterBits(bits),
            reason="; ".join(text for text in reasons if text),
            leader_age_s=leader.age_s,
            follower_age_s=follower.age_s,
            dt_s=step.dt_s,
            transitions=transitions,
            explanations=explanations,
        )

    def _posture_problem(self, leader: Judgement, follower: Judgement) -> str | None:
        for judgement in (leader, follower):
            if judgement.doubt is not None:
                return judgement.doubt.reason
        wish, measured = leader.positions, follower.positions
        assert wish is not None
        assert measured is not None
        outside = self._alignment.outside(measured)
        if outside is not None:
            return outside
        suspect = suspicion(self.joints, wish, measured, self._map.offsets, self._alignment)
        if suspect is not None:
            return suspect
        gap = self._alignment.gap(wish, measured, "follower")
        if gap is None or self._alignment.ramps:
            return None
        return f"{gap}; move the leader to the follower, or set teleop.align.on_gap to ramp"

    def _watch(self, follower: Judgement, now_ns: int) -> int:
        """Fault when a measurement is beyond a hard limit; returns bits of what is seen."""
        broken = None if self._wrench is None else self._wrench.broken()
        if broken is not None and self.state in _ARMED:
            self._happen(TeleopEvent.LIMIT_BROKEN, broken)
            return LimiterBits.WRENCH.value
        if not self._command.is_active or follower.positions is None:
            return 0
        outside = self._alignment.outside(follower.positions)
        if outside is not None and self.state in _ARMED:
            self._happen(TeleopEvent.LIMIT_BROKEN, outside)
            return LimiterBits.POSITION.value
        if self._tracking is None:
            return 0
        behind = self._tracking.problem(self._command.positions(), follower.positions, now_ns)
        if behind is not None and self.state in _ARMED:
            self._happen(TeleopEvent.LIMIT_BROKEN, behind)
        return LimiterBits.TRACKING.value if self._tracking.is_behind() else 0

    def _doubt(
        self, leader: Judgement, follower: Judgement, step: Step, now_ns: int, utc_ns: int
    ) -> Doubt | None:
        doubts = [d for d in (leader.doubt, follower.doubt) if d is not None]
        # Asked at every tick, so that engaging hears of the last tick and of nothing older.
        rig_doubts = self._conditions.doubts(now_ns, utc_ns)
        if self.state is not TeleopState.DISARMED:
            doubts += rig_doubts
        if step.backwards_s > 0.0:
            text = f"the loop's clock went backwards by {step.backwards_s:.6f} s"
            doubts.append(Doubt(LimiterBits.TIME_ORDER.value, text))
        if step.elapsed_s > self._watchdog.hold_after_s:
            text = f"the loop paused for {step.elapsed_s:.3f} s"
            doubts.append(Doubt(LimiterBits.LATE_TICK.value, text))
        return merged(doubts)

    def _resume(self, follower: Judgement, step: Step) -> None:
        """After a pause the follower rests where its own watchdog held it: begin there anew."""
        if step.elapsed_s <= self._watchdog.hold_after_s or not self._command.is_active:
            return
        self._command.drop()
        if follower.positions is not None and self.state is not TeleopState.DISARMED:
            self._begin(follower.positions)

    def _begin(self, measured: tuple[float, ...]) -> None:
        self._command.start(measured)
        if self._tracking is not None:
            self._tracking.forget()

    def _react(
        self, leader: Judgement, follower: Judgement, doubt: Doubt | None, *, is_dead: bool
    ) -> None:
        if self.state not in _ARMED:
            return
        if doubt is not None:
            if is_dead:
                limit = f"fault after {self._watchdog.fault_after_s:g} s without good input"
                self._happen(TeleopEvent.INPUT_DEAD, f"{doubt.reason}; {limit}")
            else:
                self._happen(TeleopEvent.INPUT_BAD, doubt.reason)
            return
        if self.state is not TeleopState.ENGAGED:
            assert leader.positions is not None
            assert follower.positions is not None
            self._align(leader.positions, follower.positions)

    def _align(self, wish: tuple[float, ...], measured: tuple[float, ...]) -> None:
        """Decide how to come from ALIGNING or HOLD towards ENGAGED."""
        if not self._command.is_active:
            self._begin(measured)
        command = self._command.positions()
        refused = self._refused_anew(wish, measured) if self._begins_anew else None
        gap = self._alignment.gap(wish, command, "command")
        if refused is None and gap is not None and not self._alignment.ramps:
            refused = gap
        self._gap = refused or gap
        if refused is not None:
            self._happen(TeleopEvent.INPUT_BAD, refused)
            return
        self._begins_anew = False
        if self.state is TeleopState.HOLD:
            self._happen(TeleopEvent.INPUT_GOOD, "input is good again, aligning")
        elif gap is None:
            self._alignment.begin_following(wish, command, self._command.velocities())
            self._happen(TeleopEvent.ALIGNED, "every joint is within tolerance of the leader")

    def _refused_anew(self, wish: tuple[float, ...], measured: tuple[float, ...]) -> str | None:
        """What engaging would be refused for, where it can have changed since."""
        return self.gate_reason or suspicion(
            self.joints, wish, measured, self._map.offsets, self._alignment
        )

    def _move(self, wish: tuple[float, ...] | None, stamp_ns: int, step: Step) -> int:
        command = self._command
        if not command.is_active:
            return 0
        if step.pause_s > 0.0:
            command.relax(step.pause_s)
        if wish is not None and self.state in _FOLLOWING:
            self._wish_velocity.update(wish, stamp_ns)
            move = command.follow if self.state is TeleopState.ENGAGED else command.align
            return move(wish, self._wish_velocity.values, step.dt_s)
        if self.state is TeleopState.DISARMED and command.is_at_rest:
            command.drop()
            return 0
        return command.brake(step.dt_s)

    def _happen(self, event: TeleopEvent, reason: str) -> None:
        before, after = self.state, next_state(self.state, event)
        if after is before:
            return
        self.state = after
        self._reason = reason
        self._transitions.append((before, after))
        self._explanations.append(reason)
        if after not in _FOLLOWING:
            self._wish_velocity.forget()
        self._begins_anew |= after is TeleopState.HOLD

    def _explain(self, wish: tuple[float, ...] | None, doubt: Doubt | None) -> str:
        if self.state is TeleopState.FAULT:
            return self._reason
        if doubt is not None:
            return doubt.reason
        if self.state is TeleopState.ENGAGED and wish is not None:
            return self._command.explain(wish)
        if self.state is TeleopState.DISARMED:
            return ""
        return self._gap or self._command.guard_text


def _are_speeds(values: Sequence[float], joints: Sequence[str]) -> bool:
    return len(values) == len(joints) and all(map(math.isfinite, values))
