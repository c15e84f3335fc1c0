"""One arm from samples to commands: engaging, following, holding, faulting."""

import math
from itertools import pairwise

import pytest
from support.teleop_driver import (
    HOME,
    JOINTS,
    LEADER_JOINTS,
    MS,
    PERIOD_NS,
    TYPES,
    Driver,
    leader_of,
    make_chain,
)

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Align, JointMapping, Teleop
from teleop_collect.rig.description import JointBounds
from teleop_collect.teleop.chain import TeleopChain
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick

REFUSE = Teleop(align=Align(on_gap="refuse"), limits_off=("jerk",))


def test_disarmed_reports_the_wish_and_sends_nothing() -> None:
    driver = Driver()
    driver.leader = (1.9, 0.25, -7.0)
    tick = driver.step()
    assert tick.state is TeleopState.DISARMED
    assert tick.action_requested == (1.9, 0.01, -7.0)
    assert tick.action_sent is None
    assert tick.velocity_sent is None
    assert tick.limiters is LimiterBits.NONE
    assert tick.reason == ""
    assert tick.leader_age_s == 0.0
    assert tick.transition is None


def test_before_any_sample_everything_is_unknown() -> None:
    tick = Driver().step(leader=False, follower=False)
    assert tick.action_requested is None
    assert tick.leader_age_s is None
    assert tick.follower_age_s is None
    assert tick.limiters == LimiterBits.STALE_LEADER | LimiterBits.STALE_FOLLOWER
    assert tick.reason == "no leader sample has arrived; no follower sample has arrived"


def test_engaging_needs_ticks_and_fresh_samples() -> None:
    driver = Driver()
    assert driver.engage().message == "main: teleoperation has not ticked yet; engage again"
    driver.step(leader=False)
    answer = driver.engage()
    assert not answer.accepted
    assert answer.message == "main: no leader sample has arrived"
    driver.step()
    driver.now_ns += 101 * MS
    answer = driver.engage()
    assert answer.message == (
        "main: leader sample is 0.101 s old (received 0.101 s ago), limit 0.1 s"
    )
    assert driver.chain.state is TeleopState.DISARMED


def test_first_command_is_the_measured_position_and_following_begins() -> None:
    driver = Driver()
    driver.follower = (0.52, 0.021, -0.03)
    driver.step()
    answer = driver.engage()
    assert answer.accepted
    assert answer.message == "main: engaged, aligning follower with leader"
    tick = driver.step()
    assert tick.action_sent == (0.52, 0.021, -0.03)
    assert tick.velocity_sent == (0.0, 0.0, 0.0)
    assert tick.state is TeleopState.ENGAGED
    assert tick.transitions == (
        (TeleopState.DISARMED, TeleopState.ALIGNING),
        (TeleopState.ALIGNING, TeleopState.ENGAGED),
    )
    assert tick.transition == (TeleopState.DISARMED, TeleopState.ENGAGED)
    assert driver.step().transition is None


def test_gap_left_within_tolerance_is_closed_at_the_ramp_speed_without_a_bump() -> None:
    driver = Driver()
    driver.follower = (0.55, 0.02, 0.0)
    driver.step()
    driver.engage()
    sent = [driver.step().action_sent[0] for _ in range(80)]
    speeds = [(b - a) / 0.005 for a, b in pairwise(sent)]
    assert min(speeds) == pytest.approx(-0.25, abs=1e-9)
    assert max(speeds) <= 1e-9
    # Half of the joint's 10 rad/s^2 closes the offset.
    assert all(abs(b - a) <= 5.0 * 0.005 + 1e-9 for a, b in pairwise(speeds))
    assert driver.ticks[10].limiters is LimiterBits.ALIGN_RAMP
    assert sent[-1] == HOME[0]
    assert driver.last.limiters is LimiterBits.NONE


def test_wide_gap_is_ramped_before_following() -> None:
    driver = Driver()
    driver.follower = (HOME[0] - 0.6, HOME[1], HOME[2])
    driver.step()
    assert driver.engage().accepted
    tick = driver.step(11)
    assert tick.state is TeleopState.ALIGNING
    assert tick.limiters & LimiterBits.ALIGN_RAMP
    assert tick.reason == (
        f"joint elbow: leader asks 0.5000 rad, command is at {driver.ticks[-2].action_sent[0]:.4f} "
        "rad, tolerance 0.1 rad"
    )
    # Five ticks to reach 0.25 rad/s at 10 rad/s^2, then 0.00125 rad a tick.
    before = tick.action_sent[0]
    assert driver.step().action_sent[0] == pytest.approx(before + 0.00125, abs=1e-12)
    assert before == pytest.approx(-0.1 + 0.00025 * (1 + 2 + 3 + 4 + 5) + 0.00125 * 5, abs=1e-9)
    driver.step_until(TeleopState.ENGAGED)
    aligned = next(t for t in driver.ticks if t.state is TeleopState.ENGAGED)
    assert aligned.action_sent[0] == pytest.approx(0.4, abs=0.003)
    assert aligned.velocity_sent[0] == pytest.approx(0.25, abs=1e-9)


def test_prismatic_joint_ramps_in_metres() -> None:
    driver = Driver()
    driver.follower = (HOME[0], 0.0, HOME[2])
    driver.step()
    driver.engage()
    driver.step(20)
    assert driver.last.velocity_sent[1] == pytest.approx(0.02, abs=1e-12)


def test_refusing_rig_names_joint_values_and_limit() -> None:
    driver = Driver(make_chain(REFUSE))
    driver.follower = (HOME[0] - 0.6, HOME[1], HOME[2])
    driver.step()
    answer = driver.engage()
    assert not answer.accepted
    assert answer.message == (
        "main: joint elbow: leader asks 0.5000 rad, follower is at -0.1000 rad, tolerance 0.1 rad; "
        "move the leader to the follower, or set teleop.align.on_gap to ramp"
    )
    assert driver.step().action_sent is None


def test_refusing_rig_waits_in_hold_until_the_leader_is_back() -> None:
    driver = Driver(make_chain(REFUSE)).engaged()
    driver.step(25, leader=False)
    driver.leader = leader_of((HOME[0] + 0.5, HOME[1], HOME[2]))
    tick = driver.step(3)
    assert tick.state is TeleopState.HOLD
    assert tick.limiters == LimiterBits.ALIGN_REFUSED
    assert "leader asks 1.0000 rad" in tick.reason
    driver.leader = leader_of(HOME)
    assert driver.step(2).state is TeleopState.ENGAGED


def test_refusing_rig_does_not_move_when_the_leader_leaves_right_after_engaging() -> None:
    driver = Driver(make_chain(REFUSE))
    driver.step()
    assert driver.engage().accepted
    driver.leader = leader_of((HOME[0] + 0.5, HOME[1], HOME[2]))
    tick = driver.step()
    assert tick.state is TeleopState.HOLD
    assert tick.reason.startswith("joint elbow: leader asks 1.0000 rad, command is at 0.5000 rad")
    assert driver.step(10).action_sent == HOME


def test_follower_far_outside_its_limits_is_not_engaged() -> None:
    driver = Driver()
    driver.follower = (1.61, HOME[1], HOME[2])
    driver.step()
    assert driver.engage().message == (
        "main: joint elbow: follower is at 1.6100 rad, outside its limits -2.0000 to 1.5000 rad; "
        "move it inside with its own controller"
    )


def test_follower_slightly_outside_is_led_back_inside() -> None:
    driver = Driver()
    driver.follower = (1.55, HOME[1], HOME[2])
    driver.leader = leader_of((2.5, HOME[1], HOME[2]))
    driver.step()
    assert driver.engage().accepted
    assert driver.step().action_sent[0] == 1.55
    assert driver.step(400).action_sent[0] <= 1.55
    driver.leader = leader_of((1.4, HOME[1], HOME[2]))
    assert driver.step(400).action_sent[0] == pytest.approx(1.4, abs=1e-9)


def test_following_is_exact_and_sets_no_bit_within_limits() -> None:
    driver = Driver().engaged()
    for k in range(200):
        driver.leader = leader_of(
            (HOME[0] + 0.2 * math.sin(0.01 * k) ** 2, HOME[1], HOME[2] + 0.5 * (0.001 * k) ** 2)
        )
        tick = driver.step()
        assert tick.limiters is LimiterBits.NONE
        assert tick.action_sent == tick.action_requested


def test_wish_beyond_a_soft_limit_stops_at_it_and_says_so() -> None:
    driver = Driver().engaged()
    driver.leader = leader_of((3.0, HOME[1], HOME[2]))
    tick = driver.step(400)
    assert tick.action_requested[0] == 3.0
    assert tick.action_sent[0] == pytest.approx(1.48, abs=1e-9)
    assert tick.limiters & LimiterBits.POSITION
    assert tick.reason.startswith("joint elbow: asked 3.0000 rad, sent 1.4800 rad (")
    assert "soft limits -1.98 to 1.48 rad" in tick.reason


def test_fast_wish_is_limited_in_velocity() -> None:
    driver = Driver().engaged()
    driver.leader = leader_of((HOME[0], HOME[1], 6.0))
    tick = driver.step(100)
    assert tick.velocity_sent[2] == 4.0
    assert tick.limiters & LimiterBits.VELOCITY
    assert "velocity limit 4 rad/s" in tick.reason


def test_velocity_scale_reduces_the_limit() -> None:
    driver = Driver(make_chain(Teleop(velocity_scale=0.25, limits_off=("jerk",)))).engaged()
    driver.leader = leader_of((HOME[0], HOME[1], 6.0))
    assert driver.step(100).velocity_sent[2] == 1.0


def moving(driver: Driver) -> Driver:
    """The wrist moves at 1 rad/s."""
    for _ in range(60):
        driver.leader = (driver.leader[0], driver.leader[1], driver.leader[2] + 0.005)
        driver.step()
    assert driver.last.state is TeleopState.ENGAGED
    assert driver.last.velocity_sent[2] == pytest.approx(1.0, abs=1e-6)
    return driver


def test_silent_leader_decelerates_then_holds_then_faults() -> None:
    driver = moving(Driver().engaged())
    driver.step(20, leader=False)
    assert driver.last.state is TeleopState.ENGAGED
    driver.step(leader=False)
    assert driver.last.state is TeleopState.HOLD
    # What was asked last stands in the record, with the bit that says that it is old.
    assert driver.last.action_requested == (driver.leader[0], HOME[1], driver.leader[2])
    assert driver.last.limiters & LimiterBits.STALE_LEADER
    assert driver.last.reason == (
        "leader sample is 0.105 s old (received 0.105 s ago), limit 0.1 s"
    )
    held = driver.step(15, leader=False)
    assert held.velocity_sent == (0.0, 0.0, 0.0)
    driver.step(64, leader=False)
    assert driver.last.state is TeleopState.HOLD
    driver.step(leader=False)
    assert driver.last.state is TeleopState.FAULT
    assert driver.last.reason.endswith("fault after 0.5 s without good input")
    assert driver.last.action_sent == held.action_sent


def test_hold_decelerates_at_the_acceleration_limit() -> None:
    driver = moving(Driver().engaged())
    driver.leader = (math.nan, *driver.leader[1:])
    tick = driver.step()
    assert tick.state is TeleopState.HOLD
    assert tick.velocity_sent[2] == pytest.approx(1.0 - 20.0 * 0.005, abs=1e-6)
    assert tick.limiters & LimiterBits.ACCELERATION


def test_fault_is_latched_until_disarmed() -> None:
    driver = Driver().engaged()
    driver.step(101, leader=False)
    assert driver.last.state is TeleopState.FAULT
    driver.step(10)
    assert driver.last.state is TeleopState.FAULT
    answer = driver.engage()
    assert not answer.accepted
    assert answer.message.startswith("main: in fault (leader sample is")
    assert answer.message.endswith("disarm, then engage")
    driver.chain.disarm()
    tick = driver.step()
    assert tick.transitions == ((TeleopState.FAULT, TeleopState.DISARMED),)
    assert tick.action_sent is None
    assert driver.engage().accepted


def test_return_from_hold_aligns_again_from_the_held_command() -> None:
    driver = Driver().engaged()
    driver.step(25, leader=False)
    assert driver.last.state is TeleopState.HOLD
    held = driver.last.action_sent
    driver.leader = leader_of((HOME[0] + 0.5, HOME[1], HOME[2]))
    tick = driver.step()
    assert tick.transitions == ((TeleopState.HOLD, TeleopState.ALIGNING),)
    assert abs(tick.action_sent[0] - held[0]) <= 10.0 * 0.005**2 + 1e-12
    assert driver.step(20).velocity_sent[0] == pytest.approx(0.25, abs=1e-9)
    assert driver.last.state is TeleopState.ALIGNING


def test_silent_follower_holds_and_faults() -> None:
    driver = Driver().engaged()
    driver.step(21, follower=False)
    assert driver.last.state is TeleopState.HOLD
    assert driver.last.limiters & LimiterBits.STALE_FOLLOWER
    assert driver.last.action_requested is not None
    driver.step(80, follower=False)
    assert driver.last.state is TeleopState.FAULT


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_not_finite_leader_holds_and_names_the_joint(value: float) -> None:
    driver = Driver().engaged()
    driver.leader = (HOME[0], value, HOME[2])
    tick = driver.step()
    assert tick.state is TeleopState.HOLD
    assert tick.limiters == LimiterBits.NOT_FINITE
    assert tick.reason == f"leader position of joint finger is {value}, must be finite"
    assert tick.action_requested is None
    assert tick.action_sent == HOME
    assert driver.step(101).state is TeleopState.FAULT


def test_what_is_wrong_in_several_ways_is_told_in_the_order_of_the_chain() -> None:
    driver = Driver().engaged()
    driver.now_ns += PERIOD_NS
    driver.follower_sample()
    driver.leader_sample((math.nan, *driver.leader[1:]), stamp_offset_ns=-150 * MS)
    tick = driver.tick()
    assert tick.limiters == (
        LimiterBits.NOT_FINITE | LimiterBits.STALE_LEADER | LimiterBits.TIME_ORDER
    )
    finite, age, order = tick.reason.split("; ")
    assert finite == "leader position of joint elbow is nan, must be finite"
    assert age.startswith("leader sample is 0.150 s old")
    assert order.startswith("leader time went backwards")


def test_overflow_in_the_mapping_holds() -> None:
    mapping = {"finger": JointMapping(leader_joint="trigger", scale=10.0)}
    bounds = dict.fromkeys(JOINTS, JointBounds(-2.0, 2.0, 1.0, 1.0))
    driver = Driver(TeleopChain("main", JOINTS, TYPES, bounds, mapping, Teleop()))
    driver.leader = (0.5, 1e308, 0.0)
    assert driver.step().limiters == LimiterBits.NOT_FINITE


def test_not_finite_follower_refuses_engaging_and_holds() -> None:
    driver = Driver()
    driver.step(follower=False)
    driver.follower_sample((math.nan, 0.0, 0.0))
    assert "follower position of joint elbow is nan" in driver.engage().message
    driver = Driver().engaged()
    driver.now_ns += PERIOD_NS
    driver.leader_sample()
    driver.follower_sample((0.0, math.inf, 0.0))
    assert driver.tick().state is TeleopState.HOLD


def test_missing_joint_holds_and_is_named() -> None:
    driver = Driver().engaged()
    driver.now_ns += PERIOD_NS
    driver.follower_sample()
    driver.leader_sample(names=("elbow", "thumb", "wrist"))
    tick = driver.tick()
    assert tick.state is TeleopState.HOLD
    assert tick.limiters == LimiterBits.MISSING_JOINT
    assert tick.reason == "leader message misses joint trigger; it has: elbow, thumb, wrist"


def test_order_of_names_does_not_matter() -> None:
    driver = Driver().engaged()
    driver.now_ns += PERIOD_NS
    driver.leader_sample((0.0, HOME[0], 0.5), names=("wrist", "elbow", "trigger"))
    driver.follower_sample((0.0, HOME[0], 0.02), names=("wrist", "elbow", "finger"))
    tick = driver.tick()
    assert tick.state is TeleopState.ENGAGED
    assert tick.action_requested == HOME


def test_stamp_from_the_past_holds_until_the_next_good_sample() -> None:
    driver = Driver().engaged()
    driver.now_ns += PERIOD_NS
    driver.follower_sample()
    driver.leader_sample(stamp_offset_ns=-25 * MS)
    tick = driver.tick()
    assert tick.state is TeleopState.HOLD
    assert tick.limiters == LimiterBits.TIME_ORDER
    assert tick.reason == "leader time went backwards by 0.020000 s"
    assert tick.action_requested == HOME
    assert driver.step(leader=False).state is TeleopState.HOLD
    assert driver.step().state is TeleopState.ALIGNING
    assert driver.step().state is TeleopState.ENGAGED


def test_disorder_inside_a_burst_holds_for_a_tick() -> None:
    driver = Driver().engaged()
    driver.now_ns += PERIOD_NS
    driver.follower_sample()
    driver.leader_sample(stamp_offset_ns=-25 * MS)
    driver.leader_sample()
    assert driver.tick().state is TeleopState.HOLD
    assert driver.step().state is TeleopState.ALIGNING


def test_stamp_from_the_future_holds() -> None:
    driver = Driver().engaged()
    driver.now_ns += PERIOD_NS
    driver.follower_sample()
    driver.leader_sample(stamp_offset_ns=51 * MS)
    tick = driver.tick()
    assert tick.state is TeleopState.HOLD
    assert tick.limiters == LimiterBits.TIME_ORDER
    assert tick.reason == (
        "leader time is 0.051 s in the future, limit 0.05 s; synchronise the clocks"
    )


def test_old_stamps_hold_although_received_now() -> None:
    driver = Driver().engaged()
    for _ in range(30):
        driver.now_ns += PERIOD_NS
        driver.follower_sample()
        driver.leader_sample(stamp_offset_ns=-150 * MS)
        driver.tick()
    assert driver.last.state is TeleopState.HOLD
    assert driver.last.leader_age_s == pytest.approx(0.15)
    assert driver.last.reason == (
        "leader sample is 0.150 s old (received 0.000 s ago), limit 0.1 s"
    )


def test_sample_sent_again_and_again_is_not_fresh() -> None:
    driver = Driver().engaged()
    stamp_ns = driver.utc_ns
    for _ in range(21):
        driver.now_ns += PERIOD_NS
        driver.follower_sample()
        driver.leader_sample(stamp_offset_ns=stamp_ns - driver.utc_ns)
        driver.tick()
    assert driver.last.state is TeleopState.HOLD
    assert driver.last.limiters == LimiterBits.STALE_LEADER


def test_resent_sample_with_a_stamp_slightly_ahead_is_not_fresh_either() -> None:
    driver = Driver().engaged()
    driver.step(leader=False)
    driver.leader_sample(stamp_offset_ns=45 * MS)
    stamp_ns = driver.utc_ns + 45 * MS
    for _ in range(21):
        driver.now_ns += PERIOD_NS
        driver.follower_sample()
        driver.leader_sample(stamp_offset_ns=stamp_ns - driver.utc_ns)
        driver.tick()
    assert driver.last.state is TeleopState.HOLD


def test_clock_set_back_holds_once_and_following_becomes_exact_again() -> None:
    driver = moving(Driver().engaged())
    driver.utc_minus_monotonic_ns -= 1_000 * MS
    assert driver.step().state is TeleopState.HOLD
    driver.step_until(TeleopState.ENGAGED, most=10)
    tick = driver.step(120)
    assert tick.limiters is LimiterBits.NONE
    assert tick.action_sent == tick.action_requested


def test_short_pause_shortens_the_step() -> None:
    driver = moving(Driver().engaged())
    before = driver.last.action_sent[2]
    driver.now_ns += 60 * MS
    tick = driver.step()
    assert tick.state is TeleopState.ENGAGED
    assert tick.limiters & LimiterBits.LATE_TICK
    assert tick.dt_s == 0.02
    assert tick.action_sent[2] - before <= 4.0 * 0.02


def pause(driver: Driver, pause_ms: int, follower: tuple[float, ...]) -> Tick:
    """The loop stands still; its follower is elsewhere and its leader asks for more afterwards."""
    driver.now_ns += pause_ms * MS - PERIOD_NS
    driver.follower = follower
    driver.leader = (driver.leader[0], driver.leader[1], driver.leader[2] + 3.0)
    return driver.step()


def test_pause_longer_than_the_hold_time_begins_anew_where_the_follower_is() -> None:
    driver = moving(Driver().engaged())
    rests = (HOME[0], HOME[1], driver.last.action_sent[2] - 0.9)
    tick = pause(driver, 105, rests)
    assert tick.state is TeleopState.HOLD
    assert tick.limiters & LimiterBits.LATE_TICK
    assert tick.reason == "the loop paused for 0.105 s"
    assert (tick.action_sent, tick.velocity_sent) == (rests, (0.0, 0.0, 0.0))
    assert driver.step().state is TeleopState.ALIGNING
    tick = driver.step(60)
    assert tick.state is TeleopState.ALIGNING
    assert tick.velocity_sent[2] == pytest.approx(0.25, abs=1e-9)


def test_pause_longer_than_the_fault_time_stays_stopped_where_the_follower_is() -> None:
    driver = moving(Driver().engaged())
    rests = (HOME[0], HOME[1], driver.last.action_sent[2] - 0.9)
    tick = pause(driver, 10_000, rests)
    assert tick.state is TeleopState.FAULT
    assert tick.reason == ("the loop paused for 10.000 s; fault after 0.5 s without good input")
    assert driver.step(50).action_sent == rests
    assert driver.last.state is TeleopState.FAULT


def test_after_a_pause_without_word_of_the_follower_nothing_is_sent() -> None:
    driver = moving(Driver().engaged())
    driver.now_ns += 300 * MS
    driver.leader_sample()
    tick = driver.tick()
    assert (tick.state, tick.action_sent) == (TeleopState.HOLD, None)
    assert tick.limiters & LimiterBits.STALE_FOLLOWER
    driver.follower = (HOME[0], HOME[1], 0.2)
    assert driver.step().action_sent == (HOME[0], HOME[1], 0.2)


def test_pause_while_disarmed_changes_nothing() -> None:
    driver = Driver()
    driver.step()
    tick = pause(driver, 10_000, HOME)
    assert (tick.state, tick.action_sent) == (TeleopState.DISARMED, None)
    assert driver.step().limiters is LimiterBits.NONE


def test_loop_time_going_backwards_holds_without_motion() -> None:
    driver = moving(Driver().engaged())
    before = driver.last.action_sent
    driver.now_ns -= 1
    tick = driver.tick()
    assert tick.state is TeleopState.HOLD
    assert tick.limiters & LimiterBits.TIME_ORDER
    assert tick.action_sent == before


def test_second_tick_at_the_same_time_repeats_the_command() -> None:
    driver = moving(Driver().engaged())
    before = driver.last
    again = driver.tick()
    assert again.action_sent == before.action_sent
    assert again.velocity_sent == before.velocity_sent
    assert again.state is TeleopState.ENGAGED


def test_stop_decelerates_is_latched_and_keeps_its_reason() -> None:
    driver = moving(Driver().engaged())
    driver.chain.stop("pedal")
    tick = driver.step()
    assert tick.state is TeleopState.FAULT
    assert tick.reason == "pedal"
    assert tick.velocity_sent[2] == pytest.approx(0.9, abs=1e-6)
    driver.chain.stop("second thought")
    tick = driver.step(20)
    assert tick.reason == "pedal"
    assert tick.velocity_sent == (0.0, 0.0, 0.0)
    assert tick.action_sent is not None


def test_stop_while_disarmed_is_latched_too_and_sends_nothing() -> None:
    driver = Driver()
    driver.step()
    driver.chain.stop("pedal")
    assert driver.step().action_sent is None
    assert driver.engage().message == "main: in fault (pedal); disarm, then engage"


def test_disarming_in_motion_finishes_the_deceleration() -> None:
    driver = moving(Driver().engaged())
    driver.chain.disarm()
    tick = driver.step()
    assert tick.state is TeleopState.DISARMED
    assert tick.velocity_sent[2] == pytest.approx(0.9, abs=1e-6)
    assert driver.engage().message == "main: the arm is still slowing down; engage again"
    while driver.last.action_sent is not None:
        last = driver.last
        driver.step()
    assert last.velocity_sent == (0.0, 0.0, 0.0)
    assert len(driver.ticks) < 200
    assert driver.engage().accepted


def test_engaging_again_starts_from_where_the_arm_is_now() -> None:
    driver = Driver().engaged()
    driver.chain.stop("pedal")
    driver.step(5)
    driver.follower = (0.45, 0.021, 0.0)
    driver.now_ns += PERIOD_NS
    driver.leader_sample()
    driver.follower_sample()
    driver.chain.disarm()
    assert driver.engage().accepted
    assert driver.tick().action_sent == (0.45, 0.021, 0.0)


def test_engaging_twice_changes_nothing() -> None:
    driver = Driver().engaged()
    answer = driver.engage()
    assert answer.accepted
    assert answer.message == "main: already engaged, engaged"
    assert driver.step().transition is None


def test_input_lost_before_the_first_command_sends_nothing() -> None:
    driver = Driver()
    driver.step()
    driver.engage()
    driver.leader = (math.nan, 0.5, 0.0)
    tick = driver.step()
    assert tick.state is TeleopState.HOLD
    assert tick.action_sent is None
    driver.leader = leader_of(HOME)
    driver.follower = (0.45, 0.02, 0.0)
    assert driver.step().action_sent == (0.45, 0.02, 0.0)


def test_construction_names_what_is_missing() -> None:
    bounds = {"elbow": JointBounds(-1.0, 1.0, 1.0)}
    with pytest.raises(ConfigError, match="no bounds known for joint finger, wrist; known: elbow"):
        TeleopChain("main", JOINTS, TYPES, bounds, {}, Teleop())
    with pytest.raises(ConfigError, match="no joint type known for joint elbow"):
        TeleopChain("main", ("elbow",), {}, bounds, {}, Teleop())
    with pytest.raises(ConfigError, match="mapping needs leader joint elbow"):
        TeleopChain(
            "main", ("elbow",), TYPES, bounds, {}, Teleop(), leader_joints=LEADER_JOINTS[1:]
        )
