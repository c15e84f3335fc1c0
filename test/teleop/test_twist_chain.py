"""The twist leader through the ordinary chain: limits and watchdogs apply as to any leader."""

import math

import numpy as np
import pytest
from support.twist_arm import BASE, DESCRIPTION, HOME, JOINTS, Reference, twist_arm

from teleop_collect.rig.config import Teleop
from teleop_collect.samples import JointSample, TwistSample
from teleop_collect.teleop.build import build_chain
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick
from teleop_collect.teleop.twist_leader import TwistLeader

UTC_NS = 1_700_000_000_000_000_000
PERIOD_NS = 5_000_000
DT_S = 0.005
FOLLOWING = (TeleopState.ALIGNING, TeleopState.ENGAGED)
STILL = (0.0, 0.0, 0.0)
REFERENCE = Reference()


class TwistTeleop:
    """Twist leader, chain and a follower that does as told, ticking together."""

    def __init__(self) -> None:
        arm = twist_arm()
        self.chain = build_chain("main", arm, DESCRIPTION, Teleop())
        self.leader = TwistLeader(arm, DESCRIPTION, self.chain.bounds)
        self.now_ns = 1_000_000_000
        self.follower = HOME
        self.ticks: list[Tick] = []

    def step(self, count: int = 1, linear=STILL, angular=STILL, alive: bool = True) -> Tick:
        for _ in range(count):
            self.now_ns += PERIOD_NS
            utc_ns = UTC_NS + self.now_ns
            measured = JointSample(utc_ns, JOINTS, self.follower)
            self.chain.follower_received(measured, self.now_ns)
            if self.chain.state not in FOLLOWING:
                self.leader.reset(measured)
            twist = TwistSample(utc_ns, BASE, linear, angular) if alive else None
            sample = self.leader.update(twist, DT_S, utc_ns, measured)
            if sample is not None:
                self.chain.leader_received(sample, self.now_ns)
            tick = self.chain.tick(self.now_ns, utc_ns)
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
