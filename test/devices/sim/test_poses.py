import math

import numpy as np
import pinocchio
import pytest

from teleop_collect.devices.sim.poses import (
    parent_from_mount,
    pose_of,
    quat_wxyz,
    rotation_from_rpy,
    transform,
    yaw_of,
)
from teleop_collect.rig.config import Mount
from teleop_collect.samples import Pose

RNG = np.random.default_rng(0)
ANGLES = [tuple(RNG.uniform(-math.pi, math.pi, 3)) for _ in range(30)]
HALF_TURNS = [(math.pi, 0.0, 0.0), (0.0, math.pi, 0.0), (0.0, 0.0, math.pi), (math.pi, 0.0, 1.0)]


@pytest.mark.parametrize("rpy", [*ANGLES, *HALF_TURNS, (math.pi, -math.pi / 2, 0.0)])
def test_rotations_agree_with_the_kinematics_library(rpy):
    assert rotation_from_rpy(rpy) == pytest.approx(pinocchio.rpy.rpyToMatrix(*rpy), abs=1e-12)


@pytest.mark.parametrize("rpy", [*ANGLES, *HALF_TURNS])
def test_quaternions_give_the_rotation_back(rpy):
    rotation = rotation_from_rpy(rpy)
    w, x, y, z = quat_wxyz(rotation)
    assert w >= 0
    assert pinocchio.Quaternion(w, x, y, z).matrix() == pytest.approx(rotation, abs=1e-9)


def test_mount_and_pose_are_parent_from_this():
    mount = Mount(xyz_m=(1.0, 2.0, 3.0), rpy_rad=(0.0, 0.0, math.pi / 2))
    point = parent_from_mount(mount) @ [1.0, 0.0, 0.0, 1.0]
    assert point == pytest.approx([1.0, 3.0, 3.0, 1.0])
    pose = pose_of(parent_from_mount(mount))
    assert pose.position_m == (1.0, 2.0, 3.0)
    assert pose.quat_xyzw == pytest.approx((0.0, 0.0, math.sqrt(0.5), math.sqrt(0.5)))


@pytest.mark.parametrize("yaw", [-3.0, -0.4, 0.0, 1.2, 3.1])
def test_yaw_of_an_upright_pose(yaw):
    assert yaw_of(pose_of(transform((0.0, 0.0, 0.0), (0.0, 0.0, yaw)))) == pytest.approx(yaw)
    assert yaw_of(Pose((0.0, 0.0, 0.0))) == 0.0
