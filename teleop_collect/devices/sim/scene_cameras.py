"""Cameras of the simulated scene, with true intrinsics and extrinsics."""

import math
from typing import Any

import numpy as np

from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.poses import parent_from_mount, quat_wxyz, transform
from teleop_collect.devices.sim.randomization import CameraOffset
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Rig, SimCamera
from teleop_collect.samples import FloatArray, Intrinsics

# MuJoCo's camera looks along -z with y up; an optical frame looks along +z with y down.
OPTICAL_FROM_MUJOCO_CAMERA: FloatArray = np.diag([1.0, -1.0, -1.0, 1.0])


def simulated_cameras(rig: Rig) -> dict[str, SimCamera]:
    """The cameras of a rig that this simulation draws."""
    return {n: camera for n, camera in rig.cameras.items() if isinstance(camera, SimCamera)}


def intrinsics_of(camera: SimCamera) -> Intrinsics:
    """Pinhole parameters of a simulated camera.

    Square pixels: f = height / (2 tan(fovy / 2)). The optical axis meets the image's middle;
    with the centre of the first pixel at (0, 0), as in OpenCV and ROS, that is (size - 1) / 2.
    """
    focal_px = camera.height / (2 * math.tan(camera.fovy_rad / 2))
    return Intrinsics(
        width=camera.width,
        height=camera.height,
        fx=focal_px,
        fy=focal_px,
        cx=(camera.width - 1) / 2,
        cy=(camera.height - 1) / 2,
    )


def add_camera(spec: Any, name: str, camera: SimCamera, offset: CameraOffset) -> None:
    """Put a camera on its parent body.

    Args:
        spec: the `mujoco.MjSpec` that already holds all arms.
        name: the camera's name in the rig file.
        camera: its mount and field of view.
        offset: what randomisation moves it by.

    Raises:
        ConfigError: the mount's parent is not `world` or a link of an arm.
    """
    body = spec.worldbody if camera.mount.parent == "world" else spec.body(camera.mount.parent)
    if body is None:
        links = sorted(b.name for b in spec.bodies if "/" in b.name)
        raise ConfigError(
            f"camera {name} is mounted on {camera.mount.parent!r}, which does not exist; "
            f"use `world` or one of {', '.join(links)}"
        )
    parent_from_optical = parent_from_mount(camera.mount) @ transform(offset.xyz_m, offset.rpy_rad)
    parent_from_camera = parent_from_optical @ OPTICAL_FROM_MUJOCO_CAMERA
    body.add_camera(
        name=name,
        pos=parent_from_camera[:3, 3],
        quat=quat_wxyz(parent_from_camera[:3, :3]),
        fovy=math.degrees(camera.fovy_rad),
        resolution=[camera.width, camera.height],
    )


def mounted_camera(model: Any, name: str) -> FloatArray:
    """4x4 pose of a camera's optical frame on its body; `model`: an `mujoco.MjModel`."""
    camera = model.camera(name)
    rotation = np.empty(9)
    import_mujoco().mju_quat2Mat(rotation, camera.quat)
    body_from_camera = np.eye(4)
    body_from_camera[:3, :3] = rotation.reshape(3, 3)
    body_from_camera[:3, 3] = camera.pos
    return body_from_camera @ OPTICAL_FROM_MUJOCO_CAMERA


def place_camera(model: Any, name: str, body_from_optical: FloatArray) -> None:
    """Put a camera elsewhere on its body; holds from the next kinematics on."""
    body_from_camera = body_from_optical @ OPTICAL_FROM_MUJOCO_CAMERA
    camera = model.camera(name)
    camera.pos[:] = body_from_camera[:3, 3]
    camera.quat[:] = quat_wxyz(body_from_camera[:3, :3])


def world_from_optical(data: Any, name: str) -> FloatArray:
    """4x4 pose of a camera's optical frame in the world; `data`: `MjData` after kinematics."""
    camera = data.camera(name)
    world_from_camera = np.eye(4)
    world_from_camera[:3, :3] = camera.xmat.reshape(3, 3)
    world_from_camera[:3, 3] = camera.xpos
    return world_from_camera @ OPTICAL_FROM_MUJOCO_CAMERA
