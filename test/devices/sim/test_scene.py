import hashlib
import subprocess
import sys

import mujoco
import numpy as np
import pytest

from teleop_collect.devices.sim.scene import scene_from_seed
from teleop_collect.devices.sim.scene_props import BIN_INNER_M, bin_walls
from teleop_collect.errors import ConfigError


def digest(model) -> str:
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return hashlib.sha256(buffer.tobytes()).hexdigest()


OTHER_PROCESS = """
import hashlib, mujoco, numpy
from teleop_collect.rig.load import load_rig
from teleop_collect.devices.sim.scene import scene_from_seed
model = scene_from_seed(load_rig("sim_tabletop").rig, 5)
buffer = numpy.empty(mujoco.mj_sizeModel(model), numpy.uint8)
mujoco.mj_saveModel(model, None, buffer)
print(hashlib.sha256(buffer.tobytes()).hexdigest())
"""


def test_another_process_builds_the_same_model_from_rig_and_seed(rig):
    command = [sys.executable, "-c", OTHER_PROCESS]
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest(scene_from_seed(rig, 5))


def test_seeds_give_different_models(rig):
    assert digest(scene_from_seed(rig, 5)) != digest(scene_from_seed(rig, 6))


def test_success_region_of_the_shipped_task_is_the_inside_of_the_bin(rig):
    success = rig.tasks["pick_cube"].success
    walls = bin_walls()[1:]
    rim_m = max(pos[2] + size[2] / 2 for size, pos in walls)
    half = np.array(success.size_m) / 2
    assert success.size_m[:2] == (BIN_INNER_M, BIN_INNER_M)
    assert success.center_m[2] + half[2] == pytest.approx(rim_m)
    assert success.center_m[2] - half[2] == pytest.approx(0.0)
    for size, pos in walls:
        axis = int(np.argmin(size))
        inner_face = abs(pos[axis]) - size[axis] / 2
        assert inner_face == pytest.approx(half[axis])


def test_cube_lies_still_on_the_table(rig):
    model = scene_from_seed(rig, 0)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    start = data.body("cube").xpos.copy()
    mujoco.mj_step(model, data, nstep=2000)
    assert data.body("cube").xpos == pytest.approx(start, abs=5e-4)


def test_arms_meet_each_other_and_the_table_but_not_themselves(two_arms):
    model = scene_from_seed(two_arms, 0)

    def felt(prefix):
        return [
            index
            for index in range(model.ngeom)
            if model.body(model.geom_bodyid[index]).name.startswith(prefix)
            and model.geom_contype[index]
        ]

    def collide(a, b):
        return bool(
            model.geom_contype[a] & model.geom_conaffinity[b]
            or model.geom_contype[b] & model.geom_conaffinity[a]
        )

    left, right = felt("left/"), felt("right/")
    table = model.geom("table").id
    assert len(left) == len(right) > 10
    assert not any(collide(a, b) for a in left for b in left)
    assert all(collide(a, b) for a in left for b in right)
    assert all(collide(a, table) for a in left + right)


def test_a_camera_on_a_link_that_does_not_exist_is_refused_with_the_links(rig):
    wrist = rig.cameras["wrist"]
    mount = wrist.mount.model_copy(update={"parent": "main/wrist_9_link"})
    cameras = {"wrist": wrist.model_copy(update={"mount": mount})}
    with pytest.raises(ConfigError, match=r"main/wrist_9_link.*main/wrist_3_link"):
        scene_from_seed(rig.model_copy(update={"cameras": cameras}), 0)


def test_a_joint_that_the_urdf_lacks_is_refused_with_the_joints(rig):
    arm = rig.arms["main"].model_copy(update={"joints": ("shoulder_pan", "knee")})
    with pytest.raises(ConfigError, match=r"'knee'.*shoulder_lift"):
        scene_from_seed(rig.model_copy(update={"arms": {"main": arm}}), 0)


def test_a_wrench_frame_that_the_urdf_lacks_is_refused(rig):
    arm = rig.arms["main"]
    wrench = arm.wrench.model_copy(update={"frame_id": "nowhere"})
    arms = {"main": arm.model_copy(update={"wrench": wrench})}
    with pytest.raises(ConfigError, match="'nowhere' is not a link"):
        scene_from_seed(rig.model_copy(update={"arms": arms}), 0)
