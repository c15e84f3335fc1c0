"""The shipped rig's chain, from its rig file."""

import pytest
from support.guarded_arm import DESCRIPTION, guarded

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, JointMapping, Teleop, Workspace
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.safety_config import Box
from teleop_collect.samples import JointSample, WrenchSample
from teleop_collect.teleop.build import build_chain, build_group
from teleop_collect.teleop.state import TeleopState

UTC_NS = 1_700_000_000_000_000_000


def test_shipped_rig_follows_its_leader_and_maps_the_gripper() -> None:
    loaded = load_rig("sim_tabletop")
    group = build_group(loaded)
    arm = loaded.rig.arms["main"]
    follower = tuple(arm.home[joint] for joint in arm.joints)
    leader = (*follower[:-1], 1.0)
    chain = group.chains["main"]

    def step(now_ns: int) -> None:
        stamp_ns = UTC_NS + now_ns
        chain.leader_received(JointSample(stamp_ns, arm.joints, leader), now_ns)
        chain.follower_received(JointSample(stamp_ns, arm.joints, follower), now_ns)
        touch = WrenchSample(stamp_ns, "ft_frame", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        chain.wrench_received(touch, now_ns)

    step(5_000_000)
    group.tick(5_000_000, UTC_NS + 5_000_000)
    assert group.engage(5_000_000).accepted
    step(10_000_000)
    tick = group.tick(10_000_000, UTC_NS + 10_000_000)["main"]
    assert tick.state is TeleopState.ENGAGED
    assert tick.action_sent == follower
    assert tick.action_requested is not None
    assert dict(zip(arm.joints, tick.action_requested, strict=True))["gripper"] == 0.04


def test_limits_of_the_rig_file_reach_the_chain() -> None:
    chain = build_group(load_rig("sim_tabletop")).chains["main"]
    pan = chain.bounds[chain.joints.index("shoulder_pan")]
    assert pan.velocity == 2.5
    assert (pan.lower, pan.upper) == (pytest.approx(-2.88), pytest.approx(2.88))
    assert pan.acceleration == 20.0


def test_mapping_from_a_servo_that_is_not_there_is_refused() -> None:
    loaded = load_rig("sim_tabletop")
    mapping = {"gripper": JointMapping(leader_joint="trigger")}
    arm = loaded.rig.arms["main"].model_copy(update={"mapping": mapping})
    description = RobotDescription.from_urdf(resolve_urdf(arm.urdf, loaded.path))
    with pytest.raises(ConfigError, match="needs leader joint trigger"):
        build_chain("main", arm, description, loaded.rig.teleop)


def test_behind_moveit_servo_every_limit_that_is_servos_is_named_and_a_hard_force_still_acts() -> (
    None
):
    servo = {"twist_topic": "/twist", "rate_hz": 100}
    follower = {"driver": "ros2_control", "serial": "FR3", "rate_hz": 100, "servo": servo}
    follower["command_topic"] = "/arm/joint_trajectory"
    workspace = Workspace(box=Box(lower_m=(0.0, -1.0, 0.0), upper_m=(1.0, 1.0, 1.0)))
    arm = guarded(leader="spacemouse", workspace=workspace).model_dump() | {"follower": follower}
    chain = build_chain("main", Arm.model_validate(arm), DESCRIPTION, Teleop())
    servos = "position velocity acceleration jerk workspace collision singularity"
    assert set(chain.limits_off) == {f"{name} (Servo's here)" for name in servos.split()} | {
        "tracking (the arm goes where Servo sends it)",
        "slowing down by wrench (Servo's here; the hard limit stops)",
        "deadman (none in the rig file)",
    }
    assert chain.watches_wrench


@pytest.mark.parametrize("name", ["koch_v1_1", "franka_spacemouse"])
def test_a_shipped_robot_without_collision_shapes_says_that_distances_are_not_watched(name) -> None:
    (chain,) = build_group(load_rig(name)).chains.values()
    expected = "collision with itself and the table (no collision shapes in the URDF)"
    assert expected in chain.limits_off
