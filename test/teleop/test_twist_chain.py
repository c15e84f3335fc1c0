"""The twist leader through the ordinary chain: limits and watchdogs apply as to any leader."""

import math

import numpy as np
import pytest
from support.twist_arm import BASE, DESCRIPTION, HOME, JOINTS, Reference, twist_arm

from teleop_collect.rig.config import Teleop, Watchdog
from teleop_collect.samples import JointSample, TwistSample
from teleop_collect.teleop.build import build_chain
from teleop_collect.teleop.cartesian_feed import CartesianFeed
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick
from teleop_collect.teleop.twist_leader import TwistLeader

UTC_NS = 1_700_000_000_000_000_000
PERIOD_NS = 5_000_000
DT_S = 0.005
STILL = (0.0, 0.0, 0.0)
REFERENCE = Reference()


class TwistTeleop:
    """Twist leader, chain and a follower that does as told, ticking together.

    The feed keeps the newest twist as it does in the node: a device that falls silent leaves it.
    """

    def __init__(self, **watchdog: float) -> None:
        arm = twist_arm()
        teleop = Teleop(watchdog=Watchdog(**watchdog))
        self.chain = build_chain("main", arm, DESCRIPTION, teleop)
        self.feed = CartesianFeed(self.chain, TwistLeader(arm, DESCRIPTION, self.chain.bounds))
        self.now_ns = 1_000_000_000
        self.follower = HOME
        self.ticks: list[Tick] = []

    @property
    def utc_ns(self) -> int:
        return UTC_NS + self.now_ns

    def twist(self, linear=STILL, angular=STILL, frame: str = BASE, late_ns: int = 0) -> None:
        sample = TwistSample(self.utc_ns - late_ns, frame, linear, angular)
        self.feed.received(sample, self.now_ns)

    def step(self, count: int = 1, alive: bool = True, **twist: object) -> Tick:
        for _ in range(count):
            self.now_ns += PERIOD_NS
            measured = JointSample(self.utc_ns, JOINTS, self.follower)
            self.chain.follower_received(measured, self.now_ns)
            if alive:
                self.twist(**twist)
            self.feed.feed(self.now_ns, self.utc_ns, measured)
            tick = self.chain.tick(self.now_ns, self.utc_ns)
            if tick.action_sent is not None:
                self.follower = tick.action_sent
            self.ticks.append(tick)
        return self.ticks[-1]

    def engaged(self) -> "TwistTeleop":
        self.step(2)
        answer = self.chain.engage(self.now_ns)
        assert answer.accepted, answer.message
        assert self.step(2).state is TeleopState.ENGAGED
        return self


def test_engaging_moves_nothing():
    teleop = TwistTeleop().engaged()
    teleop.step(200)
    assert teleop.follower == HOME
    assert teleop.ticks[-1].limiters is LimiterBits.NONE


def test_a_circle_is_tracked_through_the_chain_without_limits_interfering():
    teleop = TwistTeleop().engaged()
    start = REFERENCE.base_from_tool(teleop.follower)[:3, 3]
    radius_m, speed_m_s = 0.08, 0.1
    errors_m = []
    for tick in range(round(2 * math.pi * radius_m / speed_m_s / DT_S)):
        angle = speed_m_s / radius_m * (tick + 0.5) * DT_S
        teleop.step(linear=(0.0, -speed_m_s * math.sin(angle), speed_m_s * math.cos(angle)))
        angle = speed_m_s / radius_m * (tick + 1) * DT_S
        ideal = start + radius_m * np.array([0.0, math.cos(angle) - 1.0, math.sin(angle)])
        tool = REFERENCE.base_from_tool(teleop.follower)[:3, 3]
        errors_m.append(np.linalg.norm(tool - ideal))
    assert math.sqrt(np.mean(np.square(errors_m))) <= 0.002
    assert {tick.state for tick in teleop.ticks[-500:]} == {TeleopState.ENGAGED}
    assert {tick.limiters for tick in teleop.ticks[-500:]} == {LimiterBits.NONE}


def test_a_device_that_is_gone_holds_and_after_its_return_needs_rest():
    teleop = TwistTeleop().engaged()
    teleop.step(40, linear=(0.1, 0.0, 0.0))
    # The last sample is 0.1 s old after 20 ticks, and too old one tick later.
    teleop.step(20, linear=(0.1, 0.0, 0.0), alive=False)
    assert teleop.ticks[-1].state is TeleopState.ENGAGED
    teleop.step(alive=False)
    assert teleop.ticks[-1].state is TeleopState.HOLD
    assert teleop.ticks[-1].limiters & LimiterBits.STALE_LEADER
    teleop.step(20, alive=False)
    stood = teleop.follower
    teleop.step(30, linear=(0.1, 0.0, 0.0))
    assert teleop.ticks[-1].state is TeleopState.ENGAGED
    assert teleop.follower == pytest.approx(stood, abs=1e-9)
    teleop.step()
    teleop.step(20, linear=(0.1, 0.0, 0.0))
    assert teleop.follower != pytest.approx(stood, abs=1e-3)


def test_the_last_twist_of_a_silent_device_does_not_look_fresh():
    teleop = TwistTeleop().engaged()
    teleop.step(40, linear=(0.1, 0.0, 0.0))
    last_ns, seen = teleop.now_ns, {}
    while teleop.now_ns - last_ns < 600_000_000:
        tick = teleop.step(alive=False)
        seen.setdefault(tick.state, (teleop.now_ns - last_ns) / 1e9)
        if tick.state is TeleopState.HOLD:
            assert tick.limiters & LimiterBits.STALE_LEADER
    assert seen[TeleopState.HOLD] == pytest.approx(0.105)
    assert seen[TeleopState.FAULT] == pytest.approx(0.505)
    # What is told of the leader's speed ends with the twist: the arm stands.
    assert teleop.ticks[-1].velocity_sent == (0.0,) * 7


def test_twists_that_arrive_late_hold_by_their_stamps():
    teleop = TwistTeleop().engaged()
    for late_ms in range(3, 101, 4):
        assert teleop.step(late_ns=late_ms * 1_000_000).state is TeleopState.ENGAGED
    tick = teleop.step(late_ns=101_000_000)
    assert (tick.state, tick.limiters) == (TeleopState.HOLD, LimiterBits.STALE_LEADER)
    assert tick.reason.startswith("leader sample is 0.101 s old (received 0.000 s ago)")


def test_the_rig_files_own_hold_time_counts():
    teleop = TwistTeleop(hold_after_s=0.2, fault_after_s=1.0).engaged()
    teleop.step(20, linear=(0.1, 0.0, 0.0))
    assert teleop.step(40, alive=False).state is TeleopState.ENGAGED
    assert teleop.step(alive=False).state is TeleopState.HOLD


def test_a_device_that_was_never_in_time_is_named_when_engaging():
    teleop = TwistTeleop()
    teleop.step(3, late_ns=10_000_000_000)
    answer = teleop.chain.engage(teleop.now_ns)
    assert answer.message.startswith("main: leader sample is 10.000 s old (received 0.000 s ago)")


@pytest.mark.parametrize(
    ("twist", "bit", "reason"),
    [
        (
            {"linear": (math.nan, 0.0, 0.0)},
            LimiterBits.NOT_FINITE,
            "twist linear x is nan, must be finite",
        ),
        (
            {"frame": "camera"},
            LimiterBits.BAD_FRAME,
            "twist is in frame 'camera'; it must be 'base_link' or 'tool0'",
        ),
    ],
)
def test_a_twist_that_means_nothing_holds_at_once_and_says_so(twist, bit, reason):
    teleop = TwistTeleop().engaged()
    teleop.step(40, linear=(0.1, 0.0, 0.0))
    tick = teleop.step(**twist)
    assert tick.state is TeleopState.HOLD
    assert tick.limiters & bit
    assert not tick.limiters & LimiterBits.STALE_LEADER
    assert tick.reason == reason
    assert tick.action_requested is None
    assert teleop.step(105, **twist).state is TeleopState.FAULT


@pytest.mark.parametrize("velocity", [(), (5.0,), (math.nan,) * 7])
def test_a_sample_without_velocities_ends_what_was_told(velocity):
    teleop = TwistTeleop().engaged()
    teleop.step(60, linear=(0.1, 0.0, 0.0))
    asked = teleop.ticks[-1].action_requested
    for _ in range(60):
        teleop.now_ns += PERIOD_NS
        for received in (teleop.chain.follower_received, teleop.chain.leader_received):
            position = asked if received == teleop.chain.leader_received else teleop.follower
            sample = JointSample(teleop.utc_ns, JOINTS, position, velocity)
            received(sample, teleop.now_ns)
        tick = teleop.chain.tick(teleop.now_ns, teleop.utc_ns)
        teleop.follower = tick.action_sent
    assert tick.action_sent == asked
    assert tick.velocity_sent == (0.0,) * 7


def test_a_device_that_stays_away_is_a_fault_until_a_person_disarms():
    teleop = TwistTeleop().engaged()
    teleop.step(105, alive=False)
    assert teleop.ticks[-1].state is TeleopState.FAULT
    stood = teleop.follower
    teleop.step(50, linear=(0.1, 0.0, 0.0))
    assert (teleop.ticks[-1].state, teleop.follower) == (TeleopState.FAULT, stood)
    teleop.chain.disarm()
    teleop.engaged()
    assert teleop.follower == stood


def test_stopping_from_full_deflection_overshoots_by_less_than_half_a_millimetre():
    teleop = TwistTeleop().engaged()
    teleop.step(60, linear=(0.1, 0.0, 0.0))
    teleop.step(100)
    x_m = [REFERENCE.base_from_tool(t.action_sent)[0, 3] for t in teleop.ticks[-160:]]
    assert max(x_m) - x_m[-1] < 5e-4
    assert x_m[-1] - x_m[0] == pytest.approx(0.03, abs=1e-3)
