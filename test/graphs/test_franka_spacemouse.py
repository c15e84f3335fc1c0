"""The Franka rig as it ships: an emulated mouse, trajectories to a robot behind ros2_control."""

import numpy as np
import pytest
from support.controllers import StandInRobot
from support.graph import running_rig, wait_for, wait_for_check
from support.rehearsal import rehearsed

from teleop_collect import topics
from teleop_collect.rig.description import descriptions_of
from teleop_collect.teleop.tool_kinematics import ToolKinematics

pytestmark = pytest.mark.timeout(180)

CONTROLLER = "/fr3_arm_controller"


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("franka")
    # Another node drives this follower, so the check would not move it unasked.
    still = rehearsed(folder, "franka_spacemouse", check={"motion_rad": 0})
    with running_rig(folder, str(still.path), checked=True) as running:
        yield running


@pytest.fixture(scope="module")
def robot(rig):
    arm = rig.loaded.rig.arms["main"]
    state = {joint: arm.home.get(joint, 0.0) for joint in arm.joints}
    robot = StandInRobot(CONTROLLER, arm.joints, state, None, arm.follower.rate_hz)
    yield robot
    robot.close()


def test_the_mouse_moves_the_robot_by_trajectories_that_its_controller_takes(rig, robot):
    arm = rig.loaded.rig.arms["main"]
    wait_for_check(rig)
    wait_for(lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging")
    description = descriptions_of(rig.loaded.rig, rig.loaded.path)["main"]
    kinematics = ToolKinematics(description, arm.joints, arm.tool_frame)

    def tool_m(trajectory) -> np.ndarray:
        return kinematics.base_from_tool(np.array(trajectory.points[-1].positions))[:3, 3]

    def goes() -> bool:
        sent = robot.trajectories
        return bool(sent) and np.abs(tool_m(sent[-1]) - tool_m(sent[0])).max() > 0.02

    wait_for(goes, 30, "the tool to be led away")

    for sent in list(robot.trajectories):
        # A joint_trajectory_controller drops what is stamped in the past; 0 is at once.
        assert (sent.header.stamp.sec, sent.header.stamp.nanosec) == (0, 0)
        assert tuple(sent.joint_names) == tuple(arm.joints)
        (point,) = sent.points
        assert 0 < point.time_from_start.nanosec < 100_000_000
    first = robot.trajectories[0].points[0].positions
    assert list(first) == pytest.approx([arm.home.get(j, 0.0) for j in arm.joints], abs=0.02)
    # The mouse's figure lies in the plane of its base: the tool keeps its height.
    heights = np.array([tool_m(sent)[2] for sent in list(robot.trajectories)])
    assert np.ptp(heights) < 0.01
