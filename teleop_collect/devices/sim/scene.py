"""The simulated scene as a MuJoCo model, built from the rig file and one seed.

Physics and renderer build it separately and get the same model. Names inside the model are
`ARM/LINK` and `ARM/JOINT`; objects are `cube` and `bin`; cameras are named as in the rig file.
"""

from pathlib import Path
from typing import Any

from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.randomization import SceneParameters, sample_scene, sim_section
from teleop_collect.devices.sim.scene_arm import attach_arm
from teleop_collect.devices.sim.scene_boards import add_boards
from teleop_collect.devices.sim.scene_cameras import add_camera, simulated_cameras
from teleop_collect.devices.sim.scene_props import add_lights, add_objects, add_room
from teleop_collect.rig.config import Rig

NEAR_M, FAR_M = 0.01, 8.0
"""Clipping planes of all simulated cameras along the optical axis."""


def build_model(rig: Rig, parameters: SceneParameters, rig_path: Path | None = None) -> Any:
    """Compile the scene.

    Args:
        rig: the rig; its arms, cameras and `sim` section are used.
        parameters: what was drawn for this scene.
        rig_path: file the rig was read from, to which relative URDF paths refer.

    Returns:
        A `mujoco.MjModel`.

    Raises:
        ConfigError: the rig cannot be simulated (message says why).
        MissingExtraError: mujoco is not installed.
    """
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    _set_options(mujoco, spec, rig)
    arm_bits = [2 << index for index in range(len(rig.arms))]
    add_room(mujoco, spec, parameters, sum(arm_bits))
    add_objects(mujoco, spec, parameters, sum(arm_bits))
    add_lights(mujoco, spec, parameters)
    for (name, arm), bit in zip(rig.arms.items(), arm_bits, strict=True):
        attach_arm(mujoco, spec, name, arm, rig_path, bit, others=sum(arm_bits) - bit)
    add_boards(mujoco, spec, rig)
    for name, camera in simulated_cameras(rig).items():
        add_camera(spec, name, camera, parameters.camera_offsets[name])
    return spec.compile()


def scene_from_seed(rig: Rig, seed: int, rig_path: Path | None = None) -> Any:
    """`build_model` of the scene that `seed` draws."""
    return build_model(rig, sample_scene(rig, seed), rig_path)


def _set_options(mujoco: Any, spec: Any, rig: Rig) -> None:
    """Time step, contact model, and rendering as cheap as a CPU needs it."""
    spec.option.timestep = 1.0 / sim_section(rig).physics_hz
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    # Elliptic cones with friction stiffer than the normal direction: a held object does not creep.
    spec.option.impratio = 10.0
    spec.stat.extent = 1.0
    spec.visual.map.znear, spec.visual.map.zfar = NEAR_M, FAR_M
    quality = spec.visual.quality
    # The edges of a board are measured to a tenth of a pixel.
    quality.shadowsize, quality.offsamples = 0, 4 if sim_section(rig).boards else 0
    quality.numslices, quality.numstacks = 16, 4
    buffer = getattr(spec.visual, "global")
    cameras = simulated_cameras(rig).values()
    buffer.offwidth = max((camera.width for camera in cameras), default=16)
    buffer.offheight = max((camera.height for camera in cameras), default=16)
