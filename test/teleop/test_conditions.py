"""What else must hold while an arm moves: deadman, tracking, a leader that fits, each episode."""

import math

import pytest
from support.teleop_driver import BOUNDS, HOME, JOINTS, LEADER_JOINTS, MAPPING, MS, TYPES, Driver
from support.teleop_driver import leader_of as at

from teleop_collect.rig.config import JointMapping, Teleop, Tracking, Watchdog
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.deadman import DeadmanWatch
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.status import status_values


def chain(teleop: Teleop | None = None, mapping: dict | None = None, **more) -> TeleopChain:
    return TeleopChain(
        "main",
        JOINTS,
        TYPES,
        BOUNDS,
        MAPPING if mapping is None else mapping,
        Teleop() if teleop is None else teleop,
        leader_joints=LEADER_JOINTS,
        **more,
    )


class WithDeadman(Driver):
    """A driver whose operator holds button 3, or not."""

    def __init__(self) -> None:
        self.deadman = DeadmanWatch("button 3 of pedal/joy", Watchdog())
        super().__init__(chain(deadman=self.deadman))
        self.held, self.heard = True, True

    def tick(self):
        if self.heard:
            self.deadman.received(self.held, "button is up", self.utc_ns, self.now_ns)
        return super().tick()


def test_engaging_needs_the_deadman() -> None:
    driver = WithDeadman()
    driver.heard = False
    driver.step()
    expected = "main: no deadman (button 3 of pedal/joy) sample has arrived"
    assert driver.engage().message == expected
    driver.heard, driver.held = True, False
    driver.step()
    expected = "main: deadman (button 3 of pedal/joy) is not held: button is up"
    assert driver.engage().message == expected
    driver.held = True
    driver.step()
    assert driver.engage().accepted


def test_a_released_deadman_holds_within_a_tick_and_never_faults() -> None:
    driver = WithDeadman()
    driver.engaged()
    driver.held = False
    driver.step()
    driver.step()
    assert driver.last.state is TeleopState.HOLD
    assert driver.last.limiters & LimiterBits.DEADMAN
    driver.leader = at((HOME[0] + 0.8, HOME[1], HOME[2]))
    assert driver.step(300).state is TeleopState.HOLD
    assert driver.last.action_sent == HOME
    driver.held = True
    assert driver.step(3).state is TeleopState.ALIGNING
    assert abs(driver.step(50).velocity_sent[0]) <= 0.25 + 1e-9


def test_a_silent_deadman_counts_as_released() -> None:
    driver = WithDeadman()
    driver.engaged()
    driver.heard = False
    driver.step(21)
    assert driver.last.state is TeleopState.HOLD
    assert driver.last.reason == (
        "deadman (button 3 of pedal/joy) sample is 0.105 s old (received 0.105 s ago), limit 0.1 s"
    )


class Stuck(Driver):
    """A driver whose follower stays where it is."""

    def tick(self):
        where = self.follower
        tick = super().tick()
        self.follower = where
        return tick


def test_a_follower_that_does_not_move_is_a_fault_that_names_joint_and_values() -> None:
    driver = Stuck(chain())
    driver.step()
    driver.engage()
    driver.leader = at((HOME[0] + 0.09, HOME[1], HOME[2]))
    driver.step(3)
    for k in range(100):
        driver.leader = at((HOME[0] + 0.09 + 0.005 * k, HOME[1], HOME[2]))
        driver.step()
    driver.step_until(TeleopState.FAULT, 200)
    assert driver.last.limiters & LimiterBits.TRACKING
    (why,) = driver.last.explanations
    assert why.startswith("joint elbow: sent 1.0")
    assert "follower is at 0.5000 rad for 0.5 s, tolerance 0.35 rad" in why


def test_a_gripper_that_holds_something_may_stay_behind() -> None:
    tracking = Tracking(tolerance_m=0.005, free_joints=("finger",))
    driver = Stuck(chain(Teleop(tracking=tracking))).engaged()
    driver.leader = at((HOME[0], 0.0, HOME[2]))
    assert driver.step(400).state is TeleopState.ENGAGED
    watched = Tracking(tolerance_m=0.005, free_joints=())
    driver = Stuck(chain(Teleop(tracking=watched))).engaged()
    driver.leader = at((HOME[0], 0.0, HOME[2]))
    assert driver.step(400).state is TeleopState.FAULT


def test_tracking_can_be_turned_off_by_name_alone() -> None:
    driver = Stuck(chain(Teleop(limits_off=("tracking",)))).engaged()
    driver.leader = at((HOME[0] + 0.9, HOME[1], HOME[2]))
    assert driver.step(400).state is TeleopState.ENGAGED


def test_a_follower_measured_outside_its_limits_is_a_fault() -> None:
    driver = Driver(chain()).engaged()
    driver.follower = (1.62, HOME[1], HOME[2])
    driver.step()
    assert driver.last.state is TeleopState.FAULT
    assert driver.last.explanations[0].startswith(
        "joint elbow: follower is at 1.6200 rad, outside its limits -2.0000 to 1.5000 rad"
    )


def test_a_mirrored_leader_joint_is_refused_with_both_values() -> None:
    driver = Driver(chain())
    driver.leader = at((-HOME[0], HOME[1], HOME[2]))
    driver.step()
    answer = driver.engage()
    assert not answer.accepted
    assert answer.message == (
        "main: joint elbow: leader asks -0.5000 rad, follower is at 0.5000 rad, as if its sign "
        "were mirrored; correct the sign in the rig file, or move the leader nearer"
    )


def test_a_mirror_is_seen_about_the_offset_of_the_mapping() -> None:
    mapping = {**MAPPING, "elbow": JointMapping(offset=1.0)}
    driver = Driver(chain(mapping=mapping))
    driver.leader = (0.5, *driver.leader[1:])
    driver.step()
    assert "asks 1.5000 rad, follower is at 0.5000 rad, as if its sign" in driver.engage().message


def test_exchanged_leader_joints_are_refused_with_all_values() -> None:
    driver = Driver(chain())
    driver.follower = (0.5, HOME[1], -1.2)
    driver.leader = at((-1.2, HOME[1], 0.5))
    driver.step()
    answer = driver.engage()
    assert not answer.accepted
    assert answer.message.startswith(
        "main: joints elbow and wrist: leader asks -1.2000 and 0.5000 rad, follower is at 0.5000 "
        "and -1.2000 rad, as if they were exchanged"
    )


def test_an_ordinary_gap_is_not_suspected() -> None:
    driver = Driver(chain())
    driver.leader = at((HOME[0] + 0.6, HOME[1], HOME[2] + 1.0))
    driver.step()
    assert driver.engage().accepted


def test_each_episode_aligns_anew_without_a_bump() -> None:
    driver = Driver(chain()).engaged()
    driver.chain.episode_begins("one")
    driver.step()
    assert driver.last.transitions == (
        (TeleopState.ENGAGED, TeleopState.ALIGNING),
        (TeleopState.ALIGNING, TeleopState.ENGAGED),
    )
    assert driver.last.explanations == (
        "episode one begins, aligning again",
        "every joint is within tolerance of the leader",
    )
    assert driver.last.action_sent == HOME
    driver.chain.disarm()
    driver.step()
    driver.chain.episode_begins("two")
    assert driver.step().transitions == ()


def test_an_episode_that_begins_while_the_arm_lags_ramps() -> None:
    driver = Driver(chain()).engaged()
    driver.leader = at((HOME[0] + 0.9, HOME[1], HOME[2]))
    driver.step(2)
    driver.chain.episode_begins("one")
    assert driver.step(60).state is TeleopState.ALIGNING
    assert abs(driver.last.velocity_sent[0]) <= 0.25 + 1e-9


OLD_CHECK = "the rig check is 25 h old, limit 24 h"


def test_a_gate_that_has_shut_meanwhile_lets_no_episode_begin() -> None:
    driver = Driver(chain()).engaged()
    driver.chain.gate_reason = OLD_CHECK
    assert driver.step(5).state is TeleopState.ENGAGED
    driver.chain.episode_begins("one")
    tick = driver.step()
    assert tick.transition == (TeleopState.ENGAGED, TeleopState.HOLD)
    assert (tick.limiters, tick.reason) == (LimiterBits.ALIGN_REFUSED, OLD_CHECK)
    assert driver.step(200).state is TeleopState.HOLD
    driver.chain.gate_reason = None
    assert driver.step(2).state is TeleopState.ENGAGED


def test_a_gate_that_has_shut_meanwhile_keeps_a_hold() -> None:
    driver = Driver(chain()).engaged()
    driver.step(25, leader=False)
    driver.chain.gate_reason = OLD_CHECK
    tick = driver.step(10)
    assert (tick.state, tick.reason) == (TeleopState.HOLD, OLD_CHECK)
    driver.chain.gate_reason = None
    assert driver.step(2).state is TeleopState.ENGAGED


@pytest.mark.parametrize("episode", [False, True])
def test_a_leader_that_looks_mirrored_afterwards_is_not_followed_anew(episode: bool) -> None:
    driver = Driver(chain()).engaged()
    driver.step(25, leader=False)
    driver.leader = at((-HOME[0], HOME[1], HOME[2]))
    tick = driver.step(10)
    assert tick.state is TeleopState.HOLD
    assert "leader asks -0.5000 rad, follower is at 0.5000 rad, as if its sign" in tick.reason
    driver.leader = at((-HOME[0] + 0.2, HOME[1], HOME[2]))
    assert driver.step(2).state is TeleopState.ALIGNING
    # On its way the ramp may pass a posture that mirrors the leader's; an episode may not begin.
    driver.leader = at((-driver.follower[0], HOME[1], HOME[2]))
    if episode:
        driver.chain.episode_begins("one")
    state = driver.step().state
    assert state is (TeleopState.HOLD if episode else TeleopState.ALIGNING)


def test_engaging_clears_what_the_gate_said_before() -> None:
    driver = Driver(chain()).engaged()
    driver.chain.gate_reason = OLD_CHECK
    driver.chain.disarm()
    driver.step()
    assert driver.engage().accepted  # the node has asked the gate, and would have refused
    assert driver.step(2).state is TeleopState.ENGAGED


def test_every_transition_is_explained() -> None:
    driver = Driver(chain())
    driver.step()
    driver.engage()
    driver.step(5)
    driver.step(25, leader=False)
    driver.step(5)
    driver.chain.stop("pedal")
    driver.step()
    driver.chain.disarm()
    driver.step()
    told = [text for tick in driver.ticks for text in tick.explanations]
    assert len(told) == sum(len(tick.transitions) for tick in driver.ticks) == 7
    assert all(told)


def test_a_drivers_own_clamp_is_shown_for_a_second() -> None:
    driver = Driver(chain()).engaged()
    driver.chain.driver_clamped("driver reports 1 more clamped commands", driver.now_ns)
    tick = driver.step()
    assert tick.limiters & LimiterBits.DRIVER_CLAMP
    assert tick.reason == "driver reports 1 more clamped commands"
    assert not driver.step(200).limiters & LimiterBits.DRIVER_CLAMP


def test_status_names_bits_and_what_is_off() -> None:
    driver = Driver(chain())
    driver.leader = (math.nan, *driver.leader[1:])
    driver.step(follower=False)
    assert status_values(driver.last, ("jerk (turned off in the rig file)", "wrench (none)")) == {
        "state": "DISARMED",
        "limiters": 96,
        "limiter_names": "stale_follower, not_finite",
        "limits_off": "jerk (turned off in the rig file), wrench (none)",
        "leader_age_s": "0.0000",
        "follower_age_s": "unknown",
    }


HELD_NS = 1_700_000_000_000_000_000
"""UTC at which the deadman was held; the monotonic clock was at 0."""


def held_deadman() -> DeadmanWatch:
    watch = DeadmanWatch("pedal", Watchdog())
    watch.received(True, "", HELD_NS, 0)
    assert watch.doubt(100 * MS, HELD_NS + 100 * MS) is None
    return watch


@pytest.mark.parametrize("late_ms", [101, 300])
def test_a_deadman_that_was_heard_long_ago_does_not_let_engage(late_ms: int) -> None:
    watch = held_deadman()
    assert watch.doubt(late_ms * MS, HELD_NS).bits == LimiterBits.DEADMAN
    assert watch.doubt(0, HELD_NS + late_ms * MS).bits == LimiterBits.DEADMAN


def test_a_deadmans_message_sent_again_does_not_hold_but_does_release() -> None:
    watch = held_deadman()
    watch.received(True, "", HELD_NS, 150 * MS)
    assert "0.150 s old" in watch.doubt(150 * MS, HELD_NS + 150 * MS).reason
    watch = held_deadman()
    watch.received(False, "let go", HELD_NS, 5 * MS)
    assert watch.doubt(5 * MS, HELD_NS + 5 * MS).reason == "deadman (pedal) is not held: let go"
    watch.received(True, "", HELD_NS - 1, 6 * MS)
    assert watch.doubt(6 * MS, HELD_NS + 6 * MS).bits & LimiterBits.DEADMAN
