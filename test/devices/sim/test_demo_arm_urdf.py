import mujoco
import numpy as np
import pinocchio
import pytest

from teleop_collect.devices.sim.scene import scene_from_seed
from teleop_collect.rig.description import RobotDescription, resolve_urdf

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3")


@pytest.fixture(scope="module")
def description():
    return RobotDescription.from_urdf(resolve_urdf("builtin:demo_arm", None))


@pytest.fixture(scope="module")
def arm(description):
    model = pinocchio.buildModelFromXML(description.text)
    return model, model.createData()


def tool_pose(arm, positions):
    model, data = arm
    q = pinocchio.neutral(model)
    for joint, value in positions.items():
        q[model.joints[model.getJointId(joint)].idx_q] = value
    pinocchio.framesForwardKinematics(model, data, q)
    return data.oMf[model.getFrameId("tool0")].homogeneous


def test_joints_limits_and_mirrored_finger(description):
    assert description.moving_joints() == (*JOINTS, "gripper")
    assert all(description.joints[joint].type == "revolute" for joint in JOINTS)
    gripper, mirror = description.joints["gripper"], description.joints["gripper_mirror"]
    assert (gripper.type, gripper.lower, gripper.upper) == ("prismatic", 0.0, 0.04)
    assert (mirror.mimic.joint, mirror.mimic.multiplier, mirror.mimic.offset) == ("gripper", 1, 0)
    assert {"base_link", "wrist_3_link", "ft_frame", "tool0"} <= description.links
    for name in (*JOINTS, "gripper"):
        joint = description.joints[name]
        assert 0 < joint.velocity < 10
        assert 0 < joint.effort < 1000


def test_only_primitive_shapes(description):
    assert "<mesh" not in description.text


def test_zero_posture_is_stretched_forward_at_the_documented_reach(arm):
    pose = tool_pose(arm, {})
    assert pose[:3, 3] == pytest.approx([0.763, 0.0, 0.23], abs=1e-6)
    assert pose[:3, 2] == pytest.approx([1, 0, 0], abs=1e-6)


def test_tool_points_down_with_the_fingers_closing_along_its_y_axis(arm):
    pose = tool_pose(arm, {"shoulder_lift": -1.3, "elbow": 1.53, "wrist_1": np.pi / 2 + 1.3 - 1.53})
    assert pose[:3, 2] == pytest.approx([0, 0, -1], abs=1e-6)
    assert pose[:3, 0] == pytest.approx([1, 0, 0], abs=1e-6)


def test_inertias_are_physical(arm):
    model, _ = arm
    for inertia in list(model.inertias)[1:]:
        ixx, iyy, izz = np.linalg.eigvalsh(inertia.inertia)
        assert inertia.mass > 0
        assert ixx > 0
        assert ixx + iyy >= izz


def test_physics_and_kinematics_libraries_agree_on_every_posture(arm, rig):
    model = scene_from_seed(rig, 0)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(1)
    for _ in range(20):
        positions = {joint: float(rng.uniform(-1.5, 0.5)) for joint in JOINTS}
        for joint, value in positions.items():
            data.joint(f"main/{joint}").qpos[0] = value
        mujoco.mj_kinematics(model, data)
        tool = data.body("main/tool0")
        expected = tool_pose(arm, positions)
        assert tool.xpos == pytest.approx(expected[:3, 3], abs=1e-6)
        assert tool.xmat.reshape(3, 3) == pytest.approx(expected[:3, :3], abs=1e-6)
