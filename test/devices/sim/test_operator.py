import json
from itertools import pairwise

import numpy as np
import pytest

from teleop_collect.devices.sim.operator import SPEED_SHARE, ScriptedOperator, plan_scene
from teleop_collect.devices.sim.operator_plan import RATE_HZ, leader_positions
from teleop_collect.devices.sim.pick_and_place import IntendedOutcome
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import JointMapping
from teleop_collect.rig.description import RobotDescription, effective_limits, resolve_urdf
from teleop_collect.samples import JointSample, Pose
from teleop_collect.teleop.mapping import JointMap

POSES = {"cube": Pose((0.38, 0.12, 0.02)), "bin": Pose((0.38, -0.2, 0.0))}


@pytest.fixture(scope="module")
def operator(rig):
    return ScriptedOperator(rig)


def limits_of(rig):
    arm = rig.arms["main"]
    urdf = resolve_urdf(arm.urdf, None)
    return effective_limits(arm, RobotDescription.from_urdf(urdf))


@pytest.mark.parametrize("outcome", list(IntendedOutcome))
def test_starts_and_ends_at_home_within_position_and_speed_limits(operator, rig, outcome):
    limits = limits_of(rig)
    for seed in range(5):
        plan = operator.plan(POSES, seed, outcome)
        home = [rig.arms["main"].home[joint] for joint in plan.config.joints]
        assert plan.positions[0] == pytest.approx(home, abs=1e-9)
        assert plan.positions[-1] == pytest.approx(home, abs=1e-9)
        speed = np.abs(np.diff(plan.positions, axis=0)).max(axis=0) * RATE_HZ
        for column, joint in enumerate(plan.config.joints):
            limit = limits[joint]
            assert speed[column] <= SPEED_SHARE * limit.velocity
            assert plan.positions[:, column].min() >= limit.lower
            assert plan.positions[:, column].max() <= limit.upper
        assert 6.0 < plan.duration_s < 20.0


def test_a_slow_joint_stretches_the_plan_until_it_keeps_its_speed_limit(rig):
    arm = rig.arms["main"]
    slow = type(arm.limits["shoulder_pan"])(velocity=0.5)
    slow_arm = arm.model_copy(update={"limits": {"shoulder_pan": slow}})
    slow_rig = rig.model_copy(update={"arms": {"main": slow_arm}})
    usual = ScriptedOperator(rig).plan(POSES, 1, IntendedOutcome.SUCCESS)
    plan = ScriptedOperator(slow_rig).plan(POSES, 1, IntendedOutcome.SUCCESS)
    speed = np.abs(np.diff(plan.positions[:, 0])).max() * RATE_HZ
    assert 0.34 < speed <= 0.35 + 1e-9
    assert plan.duration_s > usual.duration_s


def test_every_joint_moves_smoothly(operator):
    plan = operator.plan(POSES, 3, IntendedOutcome.SUCCESS)
    assert (np.ptp(plan.positions, axis=0) > 0.01).all(), "no joint stands still"
    acceleration = np.abs(np.diff(plan.positions, 2, axis=0)).max() * RATE_HZ**2
    assert acceleration < 20.0


def test_same_seed_same_plan_and_other_seed_another_style(operator):
    one, again, other = (operator.plan(POSES, seed) for seed in (5, 5, 6))
    assert np.array_equal(one.positions, again.positions)
    assert one.duration_s != other.duration_s


def test_failures_come_at_the_rate_of_the_rig_file(with_sim):
    failures = {}
    for rate in (0.0, 0.5, 1.0):
        operator = ScriptedOperator(with_sim(operator_failure_rate=rate))
        outcomes = [operator.plan(POSES, seed).intended_outcome for seed in range(12)]
        failures[rate] = [o for o in outcomes if o is not IntendedOutcome.SUCCESS]
    assert failures[0.0] == []
    assert 2 <= len(failures[0.5]) <= 10
    assert len(failures[1.0]) == 12
    assert set(failures[1.0]) == set(IntendedOutcome) - {IntendedOutcome.SUCCESS}


def test_position_at_interpolates_and_holds_the_ends(operator):
    plan = operator.plan(POSES, 2)
    rows = plan.positions
    middle = plan.position_at(3.005)
    assert middle["elbow"] == pytest.approx((rows[300, 2] + rows[301, 2]) / 2)
    assert list(plan.position_at(-1.0).values()) == rows[0].tolist()
    assert list(plan.position_at(1e6).values()) == rows[-1].tolist()
    assert plan.duration_s == (len(rows) - 1) / RATE_HZ


def test_leader_trajectory_survives_json_and_maps_back_to_the_follower(operator, rig):
    plan = operator.plan(POSES, 2)
    sent = json.loads(json.dumps(plan.leader_trajectories(), allow_nan=False))
    trajectory = sent["main"]
    assert trajectory["rate_hz"] == 100
    arm = rig.arms["main"]
    mapping = JointMap(arm.joints, arm.mapping, arm.leader.servos)
    for row in (0, 400, 800):
        leader = tuple(trajectory["positions"][row])
        wish = mapping.wish(JointSample(0, tuple(trajectory["joints"]), leader))
        assert wish == pytest.approx(plan.positions[row].tolist(), abs=1e-9)
    gripper = [row[6] for row in trajectory["positions"]]
    assert max(gripper) == pytest.approx(1.0, abs=1e-6), "leader's unit: 1 rad open"


def test_leader_positions_invert_sign_scale_offset_and_renaming(rig):
    arm = rig.arms["main"].model_copy(
        update={
            "joints": ("elbow", "gripper"),
            "mapping": {
                "elbow": JointMapping(leader_joint="joint_3", sign=-1, scale=2.0, offset=0.5)
            },
        }
    )
    names, leader = leader_positions(arm, np.array([[1.5, 0.03], [0.5, 0.0]]))
    assert names == ["joint_3", "gripper"]
    assert leader.tolist() == [[-0.5, 0.03], [0.0, 0.0]]


def test_plan_of_a_seed_is_that_of_its_scene(rig):
    one, again = plan_scene(rig, 4), plan_scene(rig, 4)
    assert np.array_equal(one.positions, again.positions)
    assert plan_scene(rig, 5).positions.shape != one.positions.shape


def test_the_arm_nearest_to_the_cube_performs(two_arms):
    operator = ScriptedOperator(two_arms)
    left = {"cube": Pose((0.38, 0.4, 0.02)), "bin": Pose((0.38, 0.1, 0.0))}
    right = {"cube": Pose((0.38, -0.4, 0.02)), "bin": Pose((0.38, -0.1, 0.0))}
    assert operator.plan(left, 0).arm == "left"
    assert list(operator.plan(right, 0).leader_trajectories()) == ["right"]


def test_what_the_operator_cannot_do_is_said(operator):
    with pytest.raises(ConfigError, match="does not see 'bin'"):
        operator.plan({"cube": POSES["cube"]}, 0)
    with pytest.raises(ConfigError, match="out of the arm's reach"):
        operator.plan({**POSES, "cube": Pose((1.5, 0.0, 0.02))}, 0)


def test_quarter_turns_of_the_cube_give_the_same_grasp(operator):
    plans = []
    for yaw in (0.2, 0.2 + np.pi / 2, 0.2 - np.pi):
        quat = (0.0, 0.0, float(np.sin(yaw / 2)), float(np.cos(yaw / 2)))
        plans.append(operator.plan({**POSES, "cube": Pose((0.38, 0.12, 0.02), quat)}, 1))
    for one, other in pairwise(plans):
        assert one.positions == pytest.approx(other.positions, abs=1e-6)
