"""Two arms: engaged together or not at all, stopped together."""

import math

import pytest
from support.teleop_driver import HOME, PERIOD_NS, Driver, make_chain

from teleop_collect.teleop.group import TeleopGroup
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick


class TwoArms:
    """A group of `left` and `right`, each with a leader and follower at home."""

    def __init__(self) -> None:
        self.arms = {name: Driver(make_chain(name=name)) for name in ("left", "right")}
        self.group = TeleopGroup({name: arm.chain for name, arm in self.arms.items()})
        self.now_ns = self.arms["left"].now_ns

    def step(self, count: int = 1, silent: str = "") -> dict[str, Tick]:
        for _ in range(count):
            self.now_ns += PERIOD_NS
            for name, arm in self.arms.items():
                arm.now_ns = self.now_ns
                if name != silent:
                    arm.leader_sample()
                arm.follower_sample()
            ticks = self.group.tick(self.now_ns, self.arms["left"].utc_ns)
        return ticks

    def engaged(self) -> "TwoArms":
        self.step()
        assert self.group.engage(self.now_ns).accepted
        assert {tick.state for tick in self.step(2).values()} == {TeleopState.ENGAGED}
        return self


def test_engaging_names_every_arm() -> None:
    arms = TwoArms()
    arms.step()
    answer = arms.group.engage(arms.now_ns)
    assert answer.accepted
    assert answer.message == (
        "left: engaged, aligning follower with leader; "
        "right: engaged, aligning follower with leader"
    )


def test_closed_gate_refuses_with_its_reason_and_moves_no_arm() -> None:
    arms = TwoArms()
    arms.step()
    answer = arms.group.engage(arms.now_ns, "no rig check has run yet")
    assert not answer.accepted
    assert answer.message == "no rig check has run yet"
    assert all(tick.action_sent is None for tick in arms.step().values())


def test_one_arm_that_refuses_keeps_all_disarmed() -> None:
    arms = TwoArms()
    arms.step()
    arms.arms["right"].leader = (math.nan, 0.5, 0.0)
    arms.step()
    answer = arms.group.engage(arms.now_ns)
    assert not answer.accepted
    assert answer.message == "right: leader position of joint elbow is nan, must be finite"
    assert {tick.state for tick in arms.step().values()} == {TeleopState.DISARMED}


@pytest.mark.parametrize(("silent", "other"), [("left", "right"), ("right", "left")])
def test_fault_of_one_arm_stops_the_other_at_the_next_tick(silent: str, other: str) -> None:
    arms = TwoArms().engaged()
    for _ in range(120):
        ticks = arms.step(silent=silent)
        if ticks[silent].state is TeleopState.FAULT:
            break
        assert ticks[other].state is TeleopState.ENGAGED
    ticks = arms.step(silent=silent)
    assert ticks[other].state is TeleopState.FAULT
    assert ticks[other].transitions == ((TeleopState.ENGAGED, TeleopState.FAULT),)
    assert ticks[other].reason.startswith(f"stopped with arm {silent}: leader sample is")


def test_hold_of_one_arm_leaves_the_other_following() -> None:
    arms = TwoArms().engaged()
    ticks = arms.step(25, silent="left")
    assert ticks["left"].state is TeleopState.HOLD
    assert ticks["right"].state is TeleopState.ENGAGED


def test_stop_is_latched_in_every_arm_until_disarmed() -> None:
    arms = TwoArms().engaged()
    arms.group.stop("pedal")
    ticks = arms.step()
    assert [(t.state, t.reason) for t in ticks.values()] == [(TeleopState.FAULT, "pedal")] * 2
    assert not arms.group.engage(arms.now_ns).accepted
    arms.group.disarm()
    ticks = arms.step()
    assert {tick.state for tick in ticks.values()} == {TeleopState.DISARMED}
    assert arms.group.engage(arms.now_ns).accepted
    assert [tick.action_sent for tick in arms.step().values()] == [HOME, HOME]
    assert all(tick.limiters is LimiterBits.NONE for tick in arms.step().values())
