"""The guards of a whole arm: workspace, collision, wrench, singularity; on the demo arm."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from support.guarded_arm import (
    HOME,
    JOINTS,
    GuardedArm,
    Judge,
    guarded,
    of_bit,
    of_itself,
    of_table,
    reaching,
)

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Collision, Plane, Workspace, WrenchGuard
from teleop_collect.rig.safety_config import Box
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState


def test_all_guards_stand_in_their_order():
    arm = GuardedArm(guarded(workspace=BOX, collision=TABLE))
    bits = [guard.bit for guard in arm.guards]
    assert bits == sorted(bits)
    assert [bit.name for bit in bits] == ["WORKSPACE", "COLLISION", "COLLISION", "WRENCH"]
    assert arm.chain.limits_off == ("deadman (none in the rig file)",)


def test_what_is_turned_off_or_missing_is_named():
    arm = GuardedArm(guarded(wrench=None, collision=Collision()), limits_off=("jerk", "tracking"))
    assert arm.chain.limits_off == (
        "jerk (turned off in the rig file)",
        "tracking (turned off in the rig file)",
        "deadman (none in the rig file)",
        "workspace (none in the rig file)",
        "collision with the table (none in the rig file)",
        "wrench (no sensor in the rig file)",
    )


BOX = Workspace(box=Box(lower_m=(0.1, -0.1, 0.1), upper_m=(0.45, 0.1, 0.5)))


def test_the_tool_stops_at_a_face_of_the_box_and_comes_back():
    arm = GuardedArm(guarded(workspace=BOX)).engaged()
    arm.leader = reaching(shoulder_pan=0.6)
    arm.step(300)
    y = arm.judge.tool(arm.follower)[1]
    assert 0.09 < y <= 0.1
    assert arm.last.limiters & LimiterBits.WORKSPACE
    assert "workspace box to y = 0.1 m" in arm.last.reason
    assert arm.highest(lambda q: arm.judge.tool(q)[1]) <= 0.1 + 1e-9
    arm.leader = HOME
    arm.step(300)
    assert arm.follower == pytest.approx(HOME, abs=1e-3)
    assert not arm.last.limiters & LimiterBits.WORKSPACE
    assert arm.judge.violations == []


def test_the_tool_stays_on_its_side_of_a_slanted_plane():
    plane = Plane(normal=(-3.0, 0.0, 0.0), offset_m=-0.42)
    arm = GuardedArm(guarded(workspace=Workspace(planes=(plane,)))).engaged()
    arm.leader = reaching(shoulder_lift=-0.7, elbow=0.9)
    arm.step(400)
    assert arm.highest(lambda q: arm.judge.tool(q)[0]) <= 0.42 + 1e-9
    assert arm.last.limiters & LimiterBits.WORKSPACE
    assert "workspace plane 0 at -0.42 m" in arm.last.reason


def test_the_gripper_is_free_while_the_workspace_holds_the_arm():
    arm = GuardedArm(guarded(workspace=BOX)).engaged()
    arm.leader = reaching(shoulder_pan=0.6, gripper=0.005)
    arm.step(300)
    assert arm.last.limiters & LimiterBits.WORKSPACE
    assert arm.follower[JOINTS.index("gripper")] == pytest.approx(0.005, abs=1e-6)


def test_an_arm_found_outside_may_only_come_back():
    arm = GuardedArm(guarded(workspace=BOX), start=reaching(shoulder_pan=0.4)).engaged(True)
    outside = arm.judge.tool(arm.follower)[1]
    assert outside > 0.1
    arm.leader = reaching(shoulder_pan=0.45)
    arm.step(100)
    assert arm.highest(lambda q: arm.judge.tool(q)[1]) <= outside + 1e-6
    arm.leader = HOME
    arm.step(300)
    assert abs(arm.judge.tool(arm.follower)[1]) < 0.01


TABLE = Collision(table=Plane(), table_slow_m=0.02, table_stop_m=0.004)


def test_the_arm_slows_down_and_stops_above_the_table_and_leaves_it():
    arm = GuardedArm(guarded(collision=TABLE)).engaged()
    arm.leader = reaching(shoulder_lift=-0.5)
    arm.step(600)
    assert arm.judge.lowest_point(arm.follower) == pytest.approx(0.004, abs=0.002)
    assert -arm.highest(lambda q: -arm.judge.lowest_point(q)) >= 0.004 - 1e-6
    assert arm.last.limiters & LimiterBits.COLLISION
    assert "from table, slow below 0.02 m, stop at 0.004 m" in arm.last.reason
    arm.leader = HOME
    ticks = len(arm.ticks)
    arm.step(300)
    assert arm.follower == pytest.approx(HOME, abs=1e-3)
    # The way out is not slowed down.
    assert not any(t.limiters & LimiterBits.COLLISION for t in arm.ticks[ticks + 5 :])


def folded(removed=lambda guard: False) -> GuardedArm:
    """The arm after it was asked to fold into itself."""
    start = reaching(shoulder_lift=-1.2, elbow=2.0, wrist_1=0.5)
    arm = GuardedArm(guarded(collision=TABLE), start=start, removed=removed).engaged()
    arm.leader = reaching(shoulder_lift=-1.2, elbow=2.55, wrist_1=2.5)
    arm.step(600)
    return arm


def test_the_arm_does_not_fold_into_itself():
    arm = folded()
    assert arm.last.limiters & LimiterBits.COLLISION
    assert arm.judge.self_distance(arm.follower) >= 0.005 - 1e-6
    assert arm.judge.self_distance(arm.follower) < 0.02
    assert arm.judge.self_distance(arm.leader) < 0.0


def test_each_guard_of_a_distance_is_needed_by_itself():
    """Without one of them the other does not stand in for it."""
    assert (arm := folded(of_itself)).judge.self_distance(arm.follower) < 0.0
    arm = GuardedArm(guarded(collision=TABLE), removed=of_table).engaged()
    arm.leader = reaching(shoulder_lift=-0.5)
    arm.step(600)
    assert arm.judge.lowest_point(arm.follower) < 0.0


def test_distances_are_computed_only_when_the_arm_may_be_near():
    arm = GuardedArm(guarded(collision=TABLE)).engaged()
    computed = [guard.distance.computed for guard in arm.guards if hasattr(guard, "distance")]
    arm.leader = reaching(shoulder_pan=0.05)
    arm.step(200)
    again = [guard.distance.computed for guard in arm.guards if hasattr(guard, "distance")]
    assert sum(again) - sum(computed) < 2 * 200 / 4


def test_a_link_that_is_not_there_cannot_be_ignored():
    with pytest.raises(ConfigError, match=r"collision.ignore: no link elbow_link in the URDF"):
        GuardedArm(guarded(collision=Collision(ignore=(("elbow_link", "table"),))))


SOFT = WrenchGuard(soft_n=10.0, hard_n=30.0, slow_share=0.1)


def fastest(arm: GuardedArm, ticks: int) -> float:
    return max(abs(v) for t in arm.ticks[-ticks:] for v in t.velocity_sent[:6])


def test_a_force_above_the_soft_limit_slows_down():
    arm = GuardedArm(guarded(wrench_guard=SOFT)).engaged()
    arm.leader = reaching(shoulder_pan=1.5)
    arm.step(60)
    assert fastest(arm, 5) > 2.0
    arm.force_n = (0.0, 0.0, 20.0)
    arm.step(60)
    # Halfway: 0.1 + 0.9 / 2 of 2.5 rad/s.
    assert fastest(arm, 5) <= 0.55 * 2.5 + 1e-9
    assert arm.last.limiters & LimiterBits.WRENCH
    assert "force at the wrist is 20.0 N, slow above 10 N, stop at 30 N" in arm.last.reason
    assert arm.judge.violations == []


def test_a_force_above_the_hard_limit_is_a_fault():
    arm = GuardedArm(guarded(wrench_guard=SOFT)).engaged()
    arm.leader = reaching(shoulder_pan=1.5)
    arm.step(30)
    arm.force_n = (18.0, 24.0, 0.0)
    arm.step()
    assert arm.last.state is TeleopState.FAULT
    assert arm.last.limiters & LimiterBits.WRENCH
    assert arm.last.explanations == ("force at the wrist is 30.0 N, hard limit 30 N",)
    arm.step(60)
    assert set(arm.last.velocity_sent) == {0.0}
    assert arm.judge.violations == []
    arm.chain.disarm()
    arm.step()
    assert not arm.chain.engage(arm.now_ns).accepted


def test_a_peak_between_two_ticks_counts():
    arm = GuardedArm(guarded(wrench_guard=SOFT)).engaged()
    arm.force_n = (0.0, 40.0, 0.0)
    arm.hear_wrench(arm.now_ns + 1)
    arm.force_n = (0.0, 0.0, 0.0)
    arm.step()
    assert arm.last.state is TeleopState.FAULT


@pytest.mark.parametrize("force", [math.nan, math.inf])
def test_a_wrench_that_is_no_number_holds(force: float):
    arm = GuardedArm(guarded(wrench_guard=SOFT)).engaged()
    arm.force_n = (force, 0.0, 0.0)
    arm.step()
    assert arm.last.state in (TeleopState.HOLD, TeleopState.FAULT)
    assert arm.last.action_sent == HOME


def test_a_silent_sensor_holds_and_does_not_fault():
    arm = GuardedArm(guarded(wrench_guard=SOFT)).engaged()
    arm.step(21, wrench=False)
    assert arm.last.state is TeleopState.HOLD
    assert arm.last.limiters & LimiterBits.STALE_WRENCH
    assert arm.last.explanations == (
        "wrench sample is 0.105 s old (received 0.105 s ago), limit 0.1 s",
    )
    arm.step(200, wrench=False)
    assert arm.last.state is TeleopState.HOLD
    arm.step(2)
    assert arm.last.state is TeleopState.ENGAGED


def test_engaging_needs_a_fresh_wrench_and_no_force():
    arm = GuardedArm(guarded(wrench_guard=SOFT))
    arm.step(wrench=False)
    assert arm.chain.engage(arm.now_ns).message == "main: no wrench sample has arrived"
    arm.force_n = (0.0, 0.0, 31.0)
    arm.step()
    answer = arm.chain.engage(arm.now_ns)
    assert answer.message == "main: force at the wrist is 31.0 N, hard limit 30 N"


def test_what_was_out_of_order_long_before_engaging_is_forgotten():
    arm = GuardedArm(guarded(wrench_guard=SOFT))
    arm.step()
    arm.hear_wrench(arm.now_ns - 1_000_000)
    assert "wrench time went backwards by 0.001000 s" in arm.chain.engage(arm.now_ns).message
    arm.step()
    arm.hear_wrench(arm.now_ns - 1_000_000)
    arm.step(2)
    assert arm.chain.engage(arm.now_ns).accepted


def test_a_torque_is_watched_where_the_rig_file_asks_for_it():
    guard = WrenchGuard(soft_nm=2.0, hard_nm=4.0)
    arm = GuardedArm(guarded(wrench_guard=guard)).engaged()
    arm.torque_nm = (0.0, 0.0, 4.5)
    arm.step()
    assert arm.last.explanations == ("torque at the wrist is 4.5 Nm, hard limit 4 Nm",)


def test_without_its_guard_a_cartesian_arm_goes_into_the_singular_posture():
    start = reaching(elbow=0.9, wrist_1=0.9)
    removed = of_bit(LimiterBits.SINGULARITY)
    arm = GuardedArm(guarded(leader="spacemouse"), start=start, removed=removed).engaged()
    arm.leader = reaching(elbow=0.0, wrist_1=1.6)
    arm.step(300)
    assert arm.judge.smallest_singular_value(arm.last.action_sent) < 0.01


def test_a_cartesian_arm_slows_down_before_a_singular_posture_and_comes_back():
    # The elbow stretches: the smallest singular value falls to zero at elbow = 0.
    start = reaching(elbow=0.9, wrist_1=0.9)
    arm = GuardedArm(guarded(leader="spacemouse"), start=start).engaged()
    arm.leader = reaching(elbow=0.0, wrist_1=1.6)
    arm.step(300)
    smallest = [
        arm.judge.smallest_singular_value(t.action_sent) for t in arm.ticks if t.action_sent
    ]
    assert min(smallest) >= 0.02 - 1e-4
    assert arm.last.limiters & LimiterBits.SINGULARITY
    assert "smallest singular value" in arm.last.reason
    arm.leader = start
    ticks = len(arm.ticks)
    arm.step(200)
    assert arm.follower == pytest.approx(start, abs=1e-3)
    assert not any(t.limiters & LimiterBits.SINGULARITY for t in arm.ticks[ticks + 5 :])


ALL = guarded(
    workspace=Workspace(box=Box(lower_m=(-0.2, -0.4, -0.2), upper_m=(0.5, 0.4, 0.6))),
    collision=TABLE,
    wrench_guard=SOFT,
)


def rude(seed: int, ticks: int) -> Sequence[Sequence[float]]:
    """Leader postures that jump about the arm's whole range."""
    rng = np.random.default_rng(seed)
    low = np.array([-2.9, -2.6, -2.6, -2.6, -1.9, -3.1, 0.0])
    high = np.array([2.9, 0.6, 2.6, 2.6, 1.9, 3.1, 0.04])
    targets = rng.uniform(low, high, (ticks // 40 + 1, 7))
    return [tuple(targets[k // 40]) for k in range(ticks)]


def violations(removed=lambda guard: False, seed: int = 3, ticks: int = 1200) -> list[str]:
    arm = GuardedArm(ALL, removed=removed).engaged()
    judge: Judge = arm.judge
    for k, posture in enumerate(rude(seed, ticks)):
        arm.leader = posture
        arm.force_n = (0.0, 0.0, 25.0 if k % 400 > 300 else 0.0)
        arm.step()
        if k % 4 == 0:
            judge.check_arm(arm.last.action_sent, ALL, slowed=k % 400 > 340, force_n=25.0)
    return judge.violations


def test_whatever_is_asked_the_arm_keeps_every_guard_and_every_joint_limit():
    assert violations() == []


@pytest.mark.parametrize(
    ("removed", "expected"),
    [
        (of_bit(LimiterBits.WORKSPACE), "tool"),
        (of_bit(LimiterBits.WRENCH), "force"),
    ],
    ids=["workspace", "wrench"],
)
def test_the_judge_notices_when_a_guard_is_taken_out(removed, expected: str):
    assert any(expected in text for text in violations(removed))
