import math

import numpy as np
import pytest

from teleop_collect.devices.sim.arm_kinematics import ArmKinematics
from teleop_collect.devices.sim.poses import transform
from teleop_collect.errors import ConfigError

HOME = np.array([0.0, -1.3, 1.53, 1.3408, 0.0, 0.0])


@pytest.fixture(scope="module")
def kinematics(rig):
    return ArmKinematics(rig.arms["main"])


def test_tells_arm_joints_from_the_gripper(kinematics, rig):
    assert kinematics.joints == rig.arms["main"].joints[:6]
    assert kinematics.gripper == "gripper"


@pytest.mark.parametrize("xyz", [(0.33, 0.0, 0.1), (0.25, 0.3, 0.02), (0.4, -0.22, 0.2)])
@pytest.mark.parametrize("yaw", [-0.7, 0.0, 0.7])
def test_solution_brings_the_tool_to_the_pose(kinematics, xyz, yaw):
    goal = transform(xyz, (math.pi, 0.0, yaw))
    reached = kinematics.base_from_tool(kinematics.solve(goal, HOME))
    assert reached == pytest.approx(goal, abs=2e-4)


def test_a_pose_out_of_reach_is_refused_with_its_position(kinematics):
    with pytest.raises(
        ConfigError, match=r"\(0\.900, 0\.000, 0\.100\) m .* out of the arm's reach"
    ):
        kinematics.solve(transform((0.9, 0.0, 0.1), (math.pi, 0.0, 0.0)), HOME)


def test_a_posture_beyond_a_limit_is_refused_with_joint_and_limits(rig):
    arm = rig.arms["main"]
    limit = type(arm.limits["shoulder_pan"])(upper=0.2)
    narrow = ArmKinematics(arm.model_copy(update={"limits": {"shoulder_pan": limit}}))
    goal = transform((0.3, 0.3, 0.1), (math.pi, 0.0, 0.0))
    with pytest.raises(ConfigError, match=r"needs shoulder_pan at 0\.785 rad.*-2\.9 to 0\.2"):
        narrow.solve(goal, HOME)


def test_an_unknown_tool_frame_is_refused(rig):
    arm = rig.arms["main"].model_copy(update={"tool_frame": "tip"})
    with pytest.raises(ConfigError, match="tool_frame 'tip'"):
        ArmKinematics(arm)
