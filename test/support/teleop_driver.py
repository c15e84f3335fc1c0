"""Drives a chain by hand, and judges every command against the limits without trusting the chain.

The arm has three joints, one of each type, with a leader that maps onto two of them one to one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from teleop_collect.rig.config import JointMapping, Teleop
from teleop_collect.rig.description import JointBounds
from teleop_collect.samples import JointSample
from teleop_collect.teleop.arm_command import joint_limiters
from teleop_collect.teleop.bounds import SoftBounds
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.limiter import Limiter
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import EngageAnswer, Tick

UTC_NS = 1_700_000_000_000_000_000
MS = 1_000_000
PERIOD_NS = 5 * MS

JOINTS = ("elbow", "finger", "wrist")
TYPES = {"elbow": "revolute", "finger": "prismatic", "wrist": "continuous"}
BOUNDS = {
    "elbow": JointBounds(-2.0, 1.5, 2.5, 10.0),
    "finger": JointBounds(0.0, 0.04, 0.2, 1.0),
    "wrist": JointBounds(-math.inf, math.inf, 4.0, 20.0),
}
MAPPING = {"finger": JointMapping(leader_joint="trigger", scale=0.04)}
LEADER_JOINTS = ("elbow", "trigger", "wrist")
TELEOP = Teleop(limits_off=("jerk",))
"""Without a jerk limit the arithmetic of a test fits into a head; the properties are tested both
ways."""
HOME = (0.5, 0.02, 0.0)

# What the chain must keep to, stated apart from the code under test.
SOFT_LOWER = (-1.98, 0.0, -math.inf)
SOFT_UPPER = (1.48, 0.04, math.inf)
VELOCITY = (2.5, 0.2, 4.0)
ACCELERATION = (10.0, 1.0, 20.0)
JERK = (2000.0, 200.0, 2000.0)
RAMP = (0.25, 0.02, 0.25)
MAX_DT_S = 0.02
HOLD_AFTER_S = 0.1
ROUNDING = 2e-14
"""What adding and subtracting positions of up to 10 rad may leave, rad."""

ENGAGING = (TeleopState.DISARMED, TeleopState.ALIGNING)


def leader_of(follower: Sequence[float]) -> tuple[float, ...]:
    """Leader positions that map onto follower positions."""
    return (follower[0], follower[1] / 0.04, follower[2])


def without(limiter_class: type) -> Callable[[SoftBounds], list[Limiter]]:
    """The limiters of a joint except one."""

    def build(bounds: SoftBounds) -> list[Limiter]:
        return [x for x in joint_limiters(bounds) if not isinstance(x, limiter_class)]

    return build


def make_chain(
    teleop: Teleop = TELEOP,
    limiters: Callable[[SoftBounds], Sequence[Limiter]] = joint_limiters,
    name: str = "main",
) -> TeleopChain:
    return TeleopChain(
        name, JOINTS, TYPES, BOUNDS, MAPPING, teleop, leader_joints=LEADER_JOINTS, limiters=limiters
    )


class Driver:
    """A chain, the time, a leader that is where it is put and a follower that does as told."""

    def __init__(self, chain: TeleopChain | None = None) -> None:
        self.chain = make_chain() if chain is None else chain
        self.now_ns = 1_000 * MS
        self.utc_minus_monotonic_ns = UTC_NS
        self.leader = leader_of(HOME)
        self.follower = HOME
        self.ticks: list[Tick] = []

    @property
    def utc_ns(self) -> int:
        return self.now_ns + self.utc_minus_monotonic_ns

    @property
    def last(self) -> Tick:
        return self.ticks[-1]

    def leader_sample(
        self,
        positions: Sequence[float] | None = None,
        stamp_offset_ns: int = 0,
        names: Sequence[str] = LEADER_JOINTS,
    ) -> None:
        values = self.leader if positions is None else positions
        sample = JointSample(self.utc_ns + stamp_offset_ns, tuple(names), tuple(values))
        self.chain.leader_received(sample, self.now_ns)

    def follower_sample(
        self,
        positions: Sequence[float] | None = None,
        stamp_offset_ns: int = 0,
        names: Sequence[str] = JOINTS,
    ) -> None:
        values = self.follower if positions is None else positions
        sample = JointSample(self.utc_ns + stamp_offset_ns, tuple(names), tuple(values))
        self.chain.follower_received(sample, self.now_ns)

    def tick(self) -> Tick:
        """One tick now; the follower goes where it is sent."""
        tick = self.chain.tick(self.now_ns, self.utc_ns)
        self.ticks.append(tick)
        if tick.action_sent is not None:
            self.follower = tick.action_sent
        return tick

    def step(self, count: int = 1, *, leader: bool = True, follower: bool = True) -> Tick:
        """`count` periods, each with a fresh sample of either side unless told otherwise."""
        for _ in range(count):
            self.now_ns += PERIOD_NS
            if leader:
                self.leader_sample()
            if follower:
                self.follower_sample()
            self.tick()
        return self.last

    def step_until(self, state: TeleopState, most: int = 2000) -> Tick:
        """Periods with fresh samples until the chain is in `state`."""
        for _ in range(most):
            if self.step().state is state:
                return self.last
        raise AssertionError(f"not {state} after {most} ticks; {self.last}")

    def engage(self) -> EngageAnswer:
        return self.chain.engage(self.now_ns)

    def engaged(self) -> "Driver":
        """This driver, following its leader without any offset left."""
        self.step()
        answer = self.engage()
        assert answer.accepted, answer.message
        self.step_until(TeleopState.ENGAGED)
        for _ in range(200):
            if self.step().limiters is LimiterBits.NONE:
                return self
        raise AssertionError(self.last)


@dataclass
class CommandJudge:
    """Checks each command as an outsider sees it: positions and times, nothing else.

    `check` returns the first violation in words, or None.
    """

    ramp: tuple[float, ...] = RAMP
    tolerance: float = 1e-9
    jerk: tuple[float, ...] | None = None
    acceleration_tolerance: float = 1e-7
    """Positions of about 10 rad in steps of 1 ms give accelerations to 1e-8 rad/s^2."""

    def __post_init__(self) -> None:
        self._previous: tuple[float, ...] | None = None
        self._rest()

    def _rest(self) -> None:
        self._velocity = (0.0, 0.0, 0.0)
        self._acceleration: tuple[float, ...] | None = (0.0, 0.0, 0.0)
        self._velocity_error = self._acceleration_error = 0.0

    def check(self, tick: Tick, elapsed_s: float, measured: Sequence[float] | None) -> str | None:
        """Judge a tick `elapsed_s` after the last one; `measured` is the newest follower sample."""
        sent = tick.action_sent
        if sent is None:
            self._previous = None
            return None if tick.state.value in ("disarmed", "hold", "fault") else "nothing sent"
        if not all(math.isfinite(value) for value in sent):
            return f"not finite: {sent}"
        # A follower rests by itself after a pause so long: commands begin anew where it is.
        paused = elapsed_s > HOLD_AFTER_S
        if self._previous is None or paused or ENGAGING in tick.transitions:
            self._previous = self._first = sent
            self._rest()
            return None if sent == measured else f"first command {sent}, measured {measured}"
        dt_s = min(elapsed_s, MAX_DT_S)
        found = [self._joint(i, sent[i], dt_s, elapsed_s, tick) for i in range(len(sent))]
        if dt_s > 0.0:
            found.append(self._advance(sent, dt_s, paused=elapsed_s > dt_s))
        self._previous = sent
        if (
            tick.state is TeleopState.ENGAGED
            and not tick.limiters
            and sent != tick.action_requested
        ):
            return "differs from the request without a limiter's bit"
        return next((text for text in found if text), None)

    def _advance(self, sent: Sequence[float], dt_s: float, paused: bool) -> str | None:
        """Note the motion; after a pause its acceleration is not known from outside."""
        before = self._previous
        velocity = tuple((s - p) / dt_s for s, p in zip(sent, before, strict=True))
        acceleration = tuple((v - u) / dt_s for v, u in zip(velocity, self._velocity, strict=True))
        known = self._acceleration
        self._velocity = velocity
        self._acceleration = None if paused else acceleration
        # Positions are rounded, so what is told from them is the less exact the shorter the steps.
        velocity_error = ROUNDING / dt_s
        error = (velocity_error + self._velocity_error) / dt_s
        rounding = error + self._acceleration_error
        self._velocity_error, self._acceleration_error = velocity_error, error
        if self.jerk is None or known is None or paused:
            return None
        for i, (a, b, jerk) in enumerate(zip(known, acceleration, self.jerk, strict=True)):
            slack = self.acceleration_tolerance + rounding
            if abs(b - a) > jerk * dt_s + slack:
                return f"{JOINTS[i]} acceleration went from {a} to {b} in {dt_s} s, jerk {jerk}"
        return None

    def _joint(self, i: int, sent: float, dt_s: float, elapsed_s: float, tick: Tick) -> str | None:
        before, tolerance = self._previous[i], self.tolerance
        moved = sent - before
        # A joint that was found outside may stay there, and never goes further out.
        lower, upper = min(SOFT_LOWER[i], self._first[i]), max(SOFT_UPPER[i], self._first[i])
        if not lower - tolerance <= sent <= upper + tolerance:
            return f"{JOINTS[i]} position {sent} outside {lower} to {upper}"
        if abs(moved) > VELOCITY[i] * dt_s + tolerance:
            return f"{JOINTS[i]} moved {moved} in {dt_s} s, velocity limit {VELOCITY[i]}"
        if dt_s == 0.0:
            return None
        change = moved / dt_s - self._velocity[i]
        rounding = ROUNDING / dt_s + self._velocity_error
        if abs(change) > ACCELERATION[i] * elapsed_s + tolerance + rounding:
            return f"{JOINTS[i]} changed by {change}/s in {elapsed_s} s, limit {ACCELERATION[i]}"
        slowing = abs(self._velocity[i]) - ACCELERATION[i] * elapsed_s
        if self.jerk is not None:  # the brake may take a while to come
            slowing = abs(self._velocity[i]) + ACCELERATION[i] ** 2 / (2.0 * self.jerk[i])
        allowed = max(self.ramp[i], slowing)
        if tick.state is TeleopState.ALIGNING and abs(moved / dt_s) > allowed + tolerance:
            return f"{JOINTS[i]} aligned at {moved / dt_s}/s, ramp {self.ramp[i]}"
        return None
