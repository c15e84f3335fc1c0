"""Boards in the simulated scene, seen by simulated cameras: true poses are known."""

import math

import mujoco
import numpy as np
import pytest

from teleop_collect.devices.sim.calibration_sights import SightPlanner
from teleop_collect.devices.sim.renderer import open_renderer
from teleop_collect.devices.sim.scene import scene_from_seed
from teleop_collect.devices.sim.scene_boards import board_body, simulated_boards
from teleop_collect.devices.sim.scene_cameras import intrinsics_of, world_from_optical
from teleop_collect.rig.calibration.board_pose import CameraModel, board_pose
from teleop_collect.rig.calibration.charuco import BoardDetector
from teleop_collect.rig.calibration.coverage import coverage
from teleop_collect.rig.calibration.rigid import distance, inverse
from teleop_collect.rig.calibration.rotations import degeneracy
from teleop_collect.rig.load import load_rig

pytestmark = pytest.mark.timeout(180)
"""Images are rendered, which takes long on a busy machine."""

LOADED = load_rig("sim_calibration")


@pytest.fixture(scope="module")
def planner() -> SightPlanner:
    return SightPlanner(LOADED.rig, LOADED.path, "wrist")


def test_a_ray_cast_board_is_found_where_it_is(planner: SightPlanner):
    model = scene_from_seed(LOADED.rig, 0, LOADED.path)
    data = mujoco.MjData(model)
    for joint, value in planner.central().joints.items():
        data.qpos[model.joint(f"main/{joint}").qposadr[0]] = value
    mujoco.mj_kinematics(model, data)
    mujoco.mj_camlight(model, data)
    renderer = open_renderer("raycast", simulated_boards(LOADED.rig))
    renderer.load(model)
    color, _ = renderer.render(data, "wrist")
    view = BoardDetector(LOADED.rig.calibration.boards["table"]).detect(color)
    assert view is not None
    assert len(view.ids) > 18
    true = intrinsics_of(LOADED.rig.cameras["wrist"])
    matrix = np.array([[true.fx, 0, true.cx], [0, true.fy, true.cy], [0, 0, 1.0]])
    body = data.body(board_body("table"))
    world_from_board = np.eye(4)
    world_from_board[:3, :3], world_from_board[:3, 3] = body.xmat.reshape(3, 3), body.xpos
    expected = inverse(world_from_optical(data, "wrist")) @ world_from_board
    found = board_pose(view, CameraModel(matrix, np.zeros(5)))
    moved_m, turned_rad = distance(found.camera_from_board, expected)
    assert moved_m < 0.002
    assert turned_rad < math.radians(0.3)


def test_planned_postures_suffice_for_intrinsics(planner: SightPlanner):
    views = [sight.view for sight in planner.covering(14)]
    assert coverage(views, 640, 480).missing() == ()


def test_planned_postures_suffice_for_hand_eye(planner: SightPlanner):
    poses = [sight.world_from_link for sight in planner.informative(10)]
    assert degeneracy(poses, "the camera") is None
