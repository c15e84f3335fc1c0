import math

import numpy as np
import pytest

from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.errors import ConfigError

GRAVITY = 9.81


@pytest.fixture
def world(rig):
    return SimWorld(rig, 0)


def run(world, seconds, **positions):
    """Command the arm at 200 Hz for a while."""
    for _ in range(round(seconds * 200)):
        assert world.command("main", positions)
        world.step(5)


def joints(world):
    return world.joint_sample("main", 0).by_name()


def test_starts_at_rest_at_home_and_stays_there(world, rig):
    assert joints(world) == pytest.approx(rig.arms["main"].home, abs=1e-12)
    world.step(1000)
    assert joints(world) == pytest.approx(rig.arms["main"].home, abs=1e-3)
    assert world.time_s == pytest.approx(1.0)


def test_samples_carry_stamp_names_velocity_and_effort(world, rig):
    sample = world.joint_sample("main", 123)
    assert sample.stamp_ns == 123
    assert sample.names == rig.arms["main"].joints
    assert len(sample.velocity) == len(sample.effort) == len(sample.names)
    effort = dict(zip(sample.names, sample.effort, strict=True))
    assert effort["shoulder_lift"] < -1.0, "carries the arm's weight"


def test_follows_commands_to_the_target(world):
    run(world, 1.0, shoulder_pan=0.3, elbow=1.4, gripper=0.01)
    reached = joints(world)
    assert reached["shoulder_pan"] == pytest.approx(0.3, abs=2e-3)
    assert reached["elbow"] == pytest.approx(1.4, abs=2e-3)
    assert reached["gripper"] == pytest.approx(0.01, abs=1e-3)
    assert reached["wrist_1"] == pytest.approx(1.3408, abs=2e-3), "not named, so it stays"


def test_commands_beyond_the_urdfs_limits_are_clipped(world):
    run(world, 1.5, gripper=1.0, wrist_2=99.0)
    assert joints(world)["gripper"] == pytest.approx(0.04, abs=1e-3)
    assert joints(world)["wrist_2"] == pytest.approx(1.9, abs=2e-2)


@pytest.mark.parametrize(
    "bad", [{"elbow": math.nan}, {"elbow": math.inf}, {"knee": 0.1}, {}, {"elbow": 0.0, "x": 0.0}]
)
def test_a_bad_command_moves_nothing_and_does_not_feed_the_watchdog(world, bad):
    before = joints(world)
    for _ in range(50):
        assert not world.command("main", bad)
        world.step(5)
    assert joints(world) == pytest.approx(before, abs=1e-3)
    assert world.refused("main") == 50
    assert world.holding("main")


def test_watchdog_holds_exactly_100_ms_after_the_last_command(world):
    world.command("main", {"elbow": 1.5})
    world.step(99)
    assert not world.holding("main")
    world.step(1)
    assert world.holding("main")
    world.command("main", {"elbow": 1.5})
    assert not world.holding("main")


def test_watchdog_fires_in_the_middle_of_a_long_step(rig):
    fine, coarse = SimWorld(rig, 0), SimWorld(rig, 0)
    for world in (fine, coarse):
        world.command("main", {"shoulder_pan": 1.0})
    for _ in range(400):
        fine.step(1)
    coarse.step(400)
    assert np.array_equal(fine.qpos, coarse.qpos)


def test_a_held_arm_stops_near_where_it_was_without_a_jolt_and_keeps_its_grip(world):
    run(world, 0.5, gripper=0.02)
    for tick in range(60):
        world.command("main", {"shoulder_pan": tick * 0.005, "gripper": 0.0})
        world.step(5)
    while not world.holding("main"):
        world.step(1)
    at_hold, speeds = joints(world), []
    for _ in range(500):
        world.step(1)
        speeds.append(world.joint_sample("main", 0).velocity[0])
    assert joints(world)["shoulder_pan"] == pytest.approx(at_hold["shoulder_pan"], abs=5e-3)
    assert abs(speeds[-1]) < 1e-3
    assert min(speeds) > -1e-3, "does not turn back"
    assert np.abs(np.diff(speeds)).max() < 0.02, "under 20 rad/s^2"
    assert joints(world)["gripper"] == pytest.approx(0.0, abs=1e-3), "went on closing"


def mean_wrench(world, count=400):
    """Mean force and torque over `count` samples, which takes the noise out."""
    samples = []
    for _ in range(count):
        world.step(1)
        samples.append(world.wrench_sample("main", 0))
    force = np.mean([sample.force_n for sample in samples], axis=0)
    return force, np.mean([sample.torque_nm for sample in samples], axis=0)


@pytest.mark.parametrize("wrist_1", [1.3408, 0.3, -0.5])
def test_wrench_of_a_free_tool_is_zero_in_every_posture(world, wrist_1):
    run(world, 1.5, wrist_1=wrist_1, wrist_3=0.4)
    force, torque = mean_wrench(world)
    assert force == pytest.approx([0, 0, 0], abs=0.02)
    assert torque == pytest.approx([0, 0, 0], abs=2e-3)


def test_wrench_has_noise_that_the_seed_repeats(rig):
    first, again, other = SimWorld(rig, 1), SimWorld(rig, 1), SimWorld(rig, 2)
    wrenches = [world.wrench_sample("main", 7) for world in (first, again, other)]
    assert wrenches[0] == wrenches[1]
    assert wrenches[0] != wrenches[2]
    assert first.wrench_sample("main", 7) != wrenches[0]
    assert (wrenches[0].frame_id, wrenches[0].stamp_ns) == ("ft_frame", 7)


def test_pressing_on_the_table_pushes_the_tool_up(world):
    for lift in np.linspace(-1.3, -0.55, 300):
        run(world, 0.01, shoulder_lift=float(lift), wrist_1=1.3408 - 1.3 - float(lift))
    force, _ = mean_wrench(world, 50)
    assert force[2] < -5.0, "tool z points down, so up is negative"


def test_object_poses(world):
    cube = world.object_pose("cube", 5)
    assert (cube.stamp_ns, cube.frame_id) == (5, "world")
    assert cube.pose.position_m == pytest.approx(world.scene.cube.xyz_m, abs=1e-6)
    yaw = 2 * math.atan2(cube.pose.quat_xyzw[2], cube.pose.quat_xyzw[3])
    assert yaw == pytest.approx(world.scene.cube.yaw_rad, abs=1e-6)
    bin_pose = world.object_pose("bin", 5).pose
    assert bin_pose.position_m == pytest.approx(world.scene.bin.xyz_m, abs=1e-6)


def test_reset_repeats_a_scene_exactly(world):
    run(world, 0.2, shoulder_pan=0.2)
    first = world.qpos
    world.reset(1)
    assert world.seed == 1
    assert world.time_s == 0.0
    world.reset(0)
    run(world, 0.2, shoulder_pan=0.2)
    assert np.array_equal(world.qpos, first)


def test_two_arms_move_and_time_out_apart(two_arms):
    world = SimWorld(two_arms, 0)
    for _ in range(60):
        world.command("left", {"shoulder_pan": 0.2})
        world.step(5)
    assert world.joint_sample("left", 0).by_name()["shoulder_pan"] == pytest.approx(0.2, abs=5e-3)
    assert world.joint_sample("right", 0).by_name()["shoulder_pan"] == pytest.approx(0.0, abs=1e-3)
    assert (world.holding("left"), world.holding("right")) == (False, True)
    left, right = (world.wrench_sample(arm, 0) for arm in ("left", "right"))
    assert left != right, "each sensor has noise of its own"


def test_unknown_names_are_refused_with_the_known_ones(world):
    with pytest.raises(ConfigError, match=r"'third'.*main"):
        world.command("third", {"elbow": 0.0})
    with pytest.raises(ConfigError, match=r"'ball'.*cube"):
        world.object_pose("ball", 0)


def test_an_arm_without_sensor_gives_no_wrench(rig):
    arm = rig.arms["main"].model_copy(update={"wrench": None})
    world = SimWorld(rig.model_copy(update={"arms": {"main": arm}}), 0)
    with pytest.raises(ConfigError, match="no `wrench` section"):
        world.wrench_sample("main", 0)
