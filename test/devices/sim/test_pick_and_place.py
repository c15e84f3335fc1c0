"""The whole simulated task without ROS: plan, play into the physics, look where the cube is."""

import numpy as np
import pytest

from teleop_collect.devices.sim.operator import ScriptedOperator
from teleop_collect.devices.sim.pick_and_place import IntendedOutcome
from teleop_collect.devices.sim.scene_props import CUBE_EDGE_M
from teleop_collect.devices.sim.world import SimWorld

COMMAND_HZ = 200


@pytest.fixture(scope="module")
def operator(rig):
    return ScriptedOperator(rig)


def perform(rig, operator, seed, outcome):
    """Play an attempt; gives the world and the cube's greatest height."""
    world = SimWorld(rig, seed)
    poses = {name: world.object_pose(name, 0).pose for name in ("cube", "bin")}
    plan = operator.plan(poses, seed, outcome)
    highest_m = 0.0
    for tick in range(round(plan.duration_s * COMMAND_HZ)):
        assert world.command("main", plan.position_at(tick / COMMAND_HZ))
        world.step(rig.sim.physics_hz // COMMAND_HZ)
        highest_m = max(highest_m, world.object_pose("cube", 0).pose.position_m[2])
    return world, highest_m


def in_bin(rig, world):
    success = rig.tasks["pick_cube"].success
    cube = np.array(world.object_pose("cube", 0).pose.position_m)
    offset = cube - world.object_pose("bin", 0).pose.position_m - success.center_m
    return bool((np.abs(offset) <= np.array(success.size_m) / 2).all())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_intended_success_ends_with_the_cube_in_the_bin(rig, operator, seed):
    world, highest_m = perform(rig, operator, seed, IntendedOutcome.SUCCESS)
    assert in_bin(rig, world)
    assert highest_m > 0.1


@pytest.mark.parametrize(
    ("outcome", "lifted"),
    [
        (IntendedOutcome.GRASP_MISSED, False),
        (IntendedOutcome.DROPPED, True),
        (IntendedOutcome.BIN_MISSED, True),
    ],
)
def test_an_intended_failure_is_one_for_the_reason_intended(rig, operator, outcome, lifted):
    world, highest_m = perform(rig, operator, 0, outcome)
    assert not in_bin(rig, world)
    assert (highest_m > 0.1) is lifted


def test_a_held_cube_weighs_on_the_wrist_and_does_not_slip(rig, operator):
    world = SimWorld(rig, 0)
    poses = {name: world.object_pose(name, 0).pose for name in ("cube", "bin")}
    plan = operator.plan(poses, 0, IntendedOutcome.SUCCESS)
    time_s = 0.0
    while world.object_pose("cube", 0).pose.position_m[2] < 0.17:
        world.command("main", plan.position_at(time_s))
        world.step(5)
        time_s += 1 / COMMAND_HZ
    forces_n, heights_m = [], []
    for _ in range(2 * COMMAND_HZ):
        world.command("main", plan.position_at(time_s))
        world.step(5)
        forces_n.append(world.wrench_sample("main", 0).force_n[2])
        heights_m.append(world.object_pose("cube", 0).pose.position_m[2])
    weight_n = 9.81 * world.scene.contact.cube_mass_kg
    assert np.mean(forces_n[COMMAND_HZ:]) == pytest.approx(weight_n, rel=0.03), "tool z is down"
    assert heights_m[-1] == pytest.approx(heights_m[COMMAND_HZ], abs=2e-4)
    finger = world.joint_sample("main", 0).by_name()["gripper"]
    assert finger == pytest.approx(CUBE_EDGE_M / 2, abs=2e-4), "fingers do not sink in"
