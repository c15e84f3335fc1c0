"""Tool kinematics and the velocities drawn from them."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.twist_arm import DESCRIPTION, HOME, JOINTS, Reference

from teleop_collect.errors import ConfigError, MissingExtraError
from teleop_collect.rig.description import RobotDescription, resolve_urdf
from teleop_collect.teleop.differential_ik import SLOW_BELOW, STOP_BELOW, joint_velocity
from teleop_collect.teleop.tool_kinematics import ToolKinematics

# A turntable that turns for ever, a slide along x on it, and the tool 0.5 m further out.
TURNTABLE = b"""<robot name="turntable">
  <link name="world"/><link name="table"/><link name="slider"/><link name="tip"/>
  <link name="other"/>
  <joint name="turn" type="continuous">
    <parent link="world"/><child link="table"/><axis xyz="0 0 1"/>
    <limit effort="1" velocity="1"/>
  </joint>
  <joint name="slide" type="prismatic">
    <parent link="table"/><child link="slider"/><axis xyz="1 0 0"/>
    <limit lower="0" upper="1" effort="1" velocity="1"/>
  </joint>
  <joint name="tip_mount" type="fixed">
    <parent link="slider"/><child link="tip"/><origin xyz="0.5 0 0"/>
  </joint>
  <joint name="aside" type="revolute">
    <parent link="world"/><child link="other"/><axis xyz="0 0 1"/>
    <limit lower="-1" upper="1" effort="1" velocity="1"/>
  </joint>
</robot>"""


def turntable(joints=("slide", "turn"), tool_frame="tip") -> ToolKinematics:
    description = RobotDescription.from_bytes(TURNTABLE, Path("turntable.urdf"))
    return ToolKinematics(description, joints, tool_frame)


def demo_arm() -> ToolKinematics:
    return ToolKinematics(DESCRIPTION, JOINTS[:-1], "tool0")


def test_continuous_and_prismatic_joints_in_the_order_given():
    kinematics = turntable()
    assert kinematics.base_frame == "world"
    pose = kinematics.base_from_tool(np.array([0.1, 20 * math.pi + math.pi / 2]))
    assert pose[:3, 3] == pytest.approx((0.0, 0.6, 0.0), abs=1e-12)
    jacobian = kinematics.jacobian(np.array([0.1, math.pi / 2]))
    assert jacobian == pytest.approx(
        np.array([[0, -0.6], [1, 0], [0, 0], [0, 0], [0, 0], [0, 1]]), abs=1e-12
    )


def test_a_joint_that_does_not_carry_the_tool_has_an_empty_column():
    jacobian = turntable(("aside", "turn")).jacobian(np.array([0.3, 0.0]))
    assert jacobian[:, 0] == pytest.approx(np.zeros(6), abs=0.0)


def test_the_jacobian_is_the_derivative_of_the_pose():
    kinematics, reference = demo_arm(), Reference()
    positions = np.array(HOME[:-1])
    jacobian = kinematics.jacobian(positions)
    step = 1e-6
    for column in range(6):
        ahead, behind = np.array(HOME), np.array(HOME)
        ahead[column] += step
        behind[column] -= step
        poses = [reference.base_from_tool(p) for p in (ahead, behind)]
        linear = (poses[0][:3, 3] - poses[1][:3, 3]) / (2 * step)
        skew = (poses[0][:3, :3] - poses[1][:3, :3]) @ poses[0][:3, :3].T / (2 * step)
        angular = (skew[2, 1], skew[0, 2], skew[1, 0])
        assert jacobian[:3, column] == pytest.approx(linear, abs=1e-8)
        assert jacobian[3:, column] == pytest.approx(angular, abs=1e-5)


def test_missing_pinocchio_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pinocchio", None)
    with pytest.raises(MissingExtraError, match=r"pinocchio.*\[kinematics\]"):
        demo_arm()


def test_an_absent_joint_or_tool_frame_is_refused():
    with pytest.raises(ConfigError, match=r"turntable\.urdf: joint 'spin' does not move anything"):
        turntable(("spin",))
    with pytest.raises(ConfigError, match=r"tool_frame 'tool0' is not a link of turntable\.urdf"):
        turntable(tool_frame="tool0")


def velocity_of(
    kinematics: ToolKinematics, positions: np.ndarray, twist: list[float]
) -> np.ndarray:
    return joint_velocity(kinematics.jacobian, positions, np.array(twist), positions)


@given(st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6))
def test_away_from_singular_postures_the_velocity_is_exact(twist):
    kinematics, positions = demo_arm(), np.array(HOME[:-1])
    velocity = velocity_of(kinematics, positions, twist)
    assert kinematics.jacobian(positions) @ velocity == pytest.approx(np.array(twist), abs=1e-9)


@given(
    st.lists(st.floats(-3.0, 3.0), min_size=6, max_size=6),
    st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6),
)
def test_in_any_posture_the_velocity_is_bounded(positions, twist):
    velocity = velocity_of(demo_arm(), np.array(positions), twist)
    assert np.isfinite(velocity).all()
    assert np.linalg.norm(velocity) <= np.linalg.norm(twist) / STOP_BELOW + 1e-9


def _one_joint(slope: float):
    """A joint at x whose singular value is |slope * x|: singular at x = 0."""

    def jacobian(positions):
        return np.array([[slope * positions[0]], [0], [0], [0], [0], [0]])

    return jacobian


@pytest.mark.parametrize(
    ("x", "asked", "expected"),
    [
        (0.1, -1.0, -10.0),
        (SLOW_BELOW, -1.0, -1.0 / SLOW_BELOW),
        (0.035, -1.0, -0.5 / SLOW_BELOW),
        (STOP_BELOW, -1.0, 0.0),
        (0.005, -1.0, 0.0),
        (0.035, 1.0, 1.0 / 0.035),
        (STOP_BELOW, 1.0, 1.0 / STOP_BELOW),
        (0.005, 1.0, 1.0 / STOP_BELOW),
    ],
)
def test_a_singular_posture_is_entered_slowly_and_left_at_once(x, asked, expected):
    twist = np.array([asked, 0, 0, 0, 0, 0])
    velocity = joint_velocity(_one_joint(1.0), np.array([x]), twist, np.array([x]))
    assert velocity == pytest.approx([expected], abs=1e-9)


def seven_joints() -> tuple[ToolKinematics, np.ndarray]:
    description = RobotDescription.from_urdf(resolve_urdf("builtin:fr3", None))
    joints = [f"fr3_joint{number}" for number in range(1, 8)]
    kinematics = ToolKinematics(description, joints, "fr3_hand_tcp")
    return kinematics, np.array([0.0, -0.7854, 0.0, -2.3562, 0.0, 1.5708, 0.7854])


def test_a_redundant_arm_goes_towards_its_posture_without_moving_the_tool():
    kinematics, positions = seven_joints()
    twist = np.array([0.05, 0.0, 0.0, 0.0, 0.1, 0.0])
    straight = joint_velocity(kinematics.jacobian, positions, twist, positions)
    posture = positions + np.array([0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    velocity = joint_velocity(kinematics.jacobian, positions, twist, posture)
    assert kinematics.jacobian(positions) @ velocity == pytest.approx(twist, abs=1e-9)
    assert 0.0 < velocity[0] - straight[0] < 0.01
    far = joint_velocity(kinematics.jacobian, positions, twist, positions + 3.0)
    assert np.linalg.norm(far - straight) == pytest.approx(np.linalg.norm(straight))
    still = joint_velocity(kinematics.jacobian, positions, np.zeros(6), posture)
    assert still == pytest.approx(np.zeros(7), abs=0.0)


def test_the_elbow_of_a_redundant_arm_does_not_wander_when_the_tool_goes_in_circles():
    kinematics, start = seven_joints()
    positions, ticks, dt_s = start.copy(), 400, 0.01
    for tick in range(4 * ticks):
        angle = 2 * math.pi * (tick % ticks) / ticks
        twist = np.array([0.0, -0.15 * math.sin(angle), 0.15 * math.cos(angle), 0.0, 0.0, 0.0])
        positions += dt_s * joint_velocity(kinematics.jacobian, positions, twist, start)
    assert np.abs(positions - start).max() < 0.02
