"""The test motion: where it goes, what follows from what was measured, and the checks on it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.rig_files import load_tiny
from support.rig_observations import good_context, good_motion

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion import JointStep, MotionRecord, PosePair, responses
from teleop_collect.rig.checks.motion_plan import MotionPlan
from teleop_collect.rig.checks.run import CHECKS
from teleop_collect.rig.description import JointBounds
from teleop_collect.rig.load import load_rig

BOUNDS = {
    "shoulder": JointBounds(-1.0, 1.0, 1.0),
    "elbow": JointBounds(-2.0, 2.0, 2.0),
    "gripper": JointBounds(0.0, 0.04, 0.2),
}


@pytest.fixture
def context(tmp_path: Path) -> CheckContext:
    return good_context(load_tiny(tmp_path), tmp_path)


def _run(name: str, context: CheckContext):
    return next(check for check in CHECKS if check.name == name).run(context)


def _moved(context: CheckContext, **changes: object) -> CheckContext:
    record = replace(context.motions["main"], **changes)
    return replace(context, motions={"main": record})


def test_the_plan_steps_each_joint_towards_its_middle_and_comes_back():
    base = {"shoulder": 0.5, "elbow": -0.5, "gripper": 0.04}
    plan = MotionPlan.of(base, BOUNDS, frozenset({"gripper"}), 0.1)

    assert [stage.joint for stage in plan.stages] == ["", "shoulder", "elbow", "gripper", "", ""]
    assert plan.wish(0.0) == base
    assert plan.wish(plan.duration_s + 1) == pytest.approx(base)
    second = plan.stages[-2].target
    assert second == pytest.approx({"shoulder": 0.4, "elbow": -0.4, "gripper": 0.002})


def test_the_plan_never_jumps_nor_leaves_the_limits_nor_uses_half_the_velocity():
    base = {"shoulder": 0.98, "elbow": 0.0, "gripper": 0.0}
    plan = MotionPlan.of(base, BOUNDS, frozenset({"gripper"}), 0.1)
    times = np.arange(0, plan.duration_s, 0.005)
    wishes = [plan.wish(float(t)) for t in times]
    for joint, bounds in BOUNDS.items():
        values = np.array([wish[joint] for wish in wishes])
        assert bounds.lower <= values.min() <= values.max() <= bounds.upper
        assert np.abs(np.diff(values)).max() / 0.005 < 0.5 * bounds.velocity


def test_a_followers_delay_and_error_are_measured():
    times = np.arange(0, 1_000_000_000, 5_000_000)
    sent = np.interp(times, [0, 4e8], [0.0, 0.1])[:, None]
    late = np.interp(times - 80_000_000, [0, 4e8], [0.0, 0.09])[:, None]
    step = JointStep("a", 0, int(times[-1]))
    record = MotionRecord(("a",), times, sent, times, late, (step,))

    (response,) = responses(record)

    assert (response.commanded, response.moved) == pytest.approx((0.1, 0.09))
    assert response.error == pytest.approx(0.01)
    assert response.lag_s == pytest.approx(0.08, abs=0.03)


def test_without_a_motion_nothing_is_claimed(context: CheckContext):
    still = replace(context, motions={}, poses={})
    for name in ("follower_stuck", "follower_order", "follower_lag", "leader_follower_poses"):
        result = _run(name, still)
        assert (result.passed, result.severity, result.measured) == (False, "info", "unknown")
        assert "check --motion" in result.todo


def test_a_motion_that_was_broken_off_is_an_error(context: CheckContext):
    result = _run("follower_stuck", _moved(context, stopped="teleoperation is engaged"))
    assert (result.passed, result.severity) == (False, "error")
    assert "arm 'main': teleoperation is engaged" in result.message


def test_a_stuck_joint_is_named(context: CheckContext):
    measured = context.motions["main"].sent.copy()
    measured[:, 0] = 0.0
    result = _run("follower_stuck", _moved(context, measured=measured))
    assert result.message == "does not move when commanded: arm 'main': shoulder"
    assert (result.measured, result.limit) == (0.0, 0.3)


def test_a_joint_that_moves_the_other_way_is_named(context: CheckContext):
    measured = context.motions["main"].sent.copy()
    measured[:, 0] *= -1
    result = _run("follower_order", _moved(context, measured=measured))
    assert result.message == "arm 'main': shoulder moves the other way"


def test_a_joint_that_stops_short_is_named(context: CheckContext):
    record = good_motion(context.rig.arms["main"])
    measured = record.sent.copy() * 3
    result = _run("follower_tracking", _moved(context, measured=measured))
    assert result.message == "arm 'main': shoulder stays -0.060 rad from its command"


def test_a_gripper_that_does_not_travel_is_named(context: CheckContext):
    measured = context.motions["main"].sent.copy()
    measured[:, 1] *= 0.5
    result = _run("gripper_range", _moved(context, measured=measured))
    assert result.message == "arm 'main': gripper travels 50%"


def test_a_force_that_changes_with_the_posture_is_found(context: CheckContext):
    result = _run("wrench_gravity", _moved(context, forces_n=((0, 0, 5.0), (0, 3.0, 4.0))))
    assert result.message == "force at rest changes with the posture: arm 'main': 3.16 N"


def _poses(context: CheckContext, leader) -> CheckContext:
    """Postures whose leader is made from the follower's by a function."""
    pairs = tuple(PosePair(leader(pair.follower), pair.follower) for pair in context.poses["main"])
    return replace(context, poses={"main": pairs})


@pytest.mark.parametrize(
    ("leader", "message"),
    [
        (
            lambda f: {**f, "shoulder": f["shoulder"] + 0.0698},
            "arm 'main': shoulder: constant offset of +0.070 rad",
        ),
        (
            lambda f: {**f, "shoulder": -f["shoulder"]},
            "arm 'main': shoulder: the leader turns the other way (sign)",
        ),
        (
            lambda f: {**f, "shoulder": 0.0},
            "arm 'main': shoulder: the leader does not move (stuck)",
        ),
        (
            lambda f: {"shoulder": f["gripper"], "gripper": f["shoulder"]},
            "arm 'main': gripper: it is the leader's shoulder that moves instead (order); "
            "arm 'main': shoulder: it is the leader's gripper that moves instead (order)",
        ),
        (
            lambda f: {**f, "shoulder": float("nan")},
            "arm 'main': shoulder: position is not a number",
        ),
    ],
)
def test_what_is_wrong_between_leader_and_follower_is_told(context, leader, message):
    result = _run("leader_follower_poses", _poses(context, leader))
    assert not result.passed
    assert sorted(result.message.split("; ")) == sorted(message.split("; "))


def test_half_a_degree_is_no_offset(context: CheckContext):
    near = _poses(context, lambda f: {**f, "shoulder": f["shoulder"] + 0.0087})
    assert _run("leader_follower_poses", near).passed


def _held(context: CheckContext, *followers: dict[str, float], sign: int = 1) -> CheckContext:
    """Postures by hand; the leader's shoulder has this sign."""
    pairs = tuple(PosePair({**f, "shoulder": sign * f["shoulder"]}, f) for f in followers)
    return replace(context, poses={"main": pairs})


def test_postures_that_do_not_differ_prove_nothing(context: CheckContext):
    apart = ({"shoulder": 0.0, "gripper": 0.0}, {"shoulder": 0.4, "gripper": 0.03})
    assert _run("leader_follower_poses", _held(context, *apart)).passed
    assert not _run("leader_follower_poses", _held(context, *apart, sign=-1)).passed

    twice = _run("leader_follower_poses", _held(context, apart[0], apart[0], sign=-1))

    assert (twice.passed, twice.severity) == (False, "info")
    assert twice.message == (
        "arm 'main': shoulder moved by 0.000 rad between the postures, at least 0.070 are needed"
    )


def test_every_arm_with_a_leader_must_be_compared(tmp_path: Path):
    context = good_context(load_rig("sim_bimanual"), tmp_path)
    left = replace(context, poses={"left": context.poses["left"]})
    result = _run("leader_follower_poses", left)
    assert not result.passed
    assert result.message.startswith("arm 'right': leader and follower were not compared")


def test_joints_that_stand_alike_could_be_exchanged_unseen(tmp_path: Path):
    context = good_context(load_rig("sim_tabletop"), tmp_path)
    joints = context.rig.arms["main"].joints
    postures = [dict.fromkeys(joints, 0.0), {j: 0.4 + 0.1 * i for i, j in enumerate(joints)}]
    postures[1]["gripper"] = 0.0
    postures[0]["gripper"] = 0.03
    poses = tuple(PosePair(p, p) for p in postures)
    assert _run("leader_follower_poses", replace(context, poses={"main": poses})).passed
    postures[1]["elbow"] = postures[1]["wrist_1"]
    alike = _run("leader_follower_poses", replace(context, poses={"main": poses}))
    assert not alike.passed
    assert "elbow and wrist_1 stand alike in every posture" in alike.message
