"""ChArUco boards in the simulated scene: thin printed plates that nothing collides with."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from teleop_collect.devices.sim.poses import parent_from_mount, quat_wxyz
from teleop_collect.errors import ConfigError
from teleop_collect.rig.calibration.values import Board
from teleop_collect.rig.config import Rig
from teleop_collect.samples import FloatArray

VISUAL_GROUP = 1
THICKNESS_M = 0.002


def simulated_boards(rig: Rig) -> Mapping[str, Board]:
    """The boards that stand in the simulated scene, by name."""
    if rig.sim is None:
        return {}
    return {name: rig.calibration.boards[name] for name in rig.sim.boards}


def board_body(name: str) -> str:
    """Name of a board's body in the model; its origin is the corner of the first square."""
    return f"board_{name}"


def add_boards(mujoco: Any, spec: Any, rig: Rig) -> None:
    """Put every board on its parent body.

    Args:
        mujoco: the library.
        spec: the scene's `mujoco.MjSpec` that already holds all arms.
        rig: the rig.

    Raises:
        ConfigError: a mount's parent is not `world` or a link of an arm.
        MissingExtraError: OpenCV, which draws the board, is not installed.
    """
    for name, board in simulated_boards(rig).items():
        assert rig.sim is not None
        mount = rig.sim.boards[name]
        parent = spec.worldbody if mount.parent == "world" else spec.body(mount.parent)
        if parent is None:
            raise ConfigError(f"board {name} is mounted on {mount.parent!r}, which does not exist")
        parent_from_board = parent_from_mount(mount)
        body = parent.add_body(
            name=board_body(name),
            pos=parent_from_board[:3, 3],
            quat=quat_wxyz(parent_from_board[:3, :3]),
        )
        _add_plate(mujoco, spec, body, name, board)


def _add_plate(mujoco: Any, spec: Any, body: Any, name: str, board: Board) -> None:
    from teleop_collect.devices.sim.board_image import MARGIN_SQUARES, board_texture

    image, size_m = board_texture(board)
    material = spec.add_material(name=body.name, specular=0.0, shininess=0.0)
    texture = spec.add_texture(
        name=body.name, type=mujoco.mjtTexture.mjTEXTURE_2D,
        width=image.shape[1], height=image.shape[0],
    )  # fmt: skip
    texture.nchannel = 3
    # MuJoCo's first row is the lowest one.
    texture.data = np.repeat(image[::-1, :, None], 3, axis=2).tobytes()
    roles = list(material.textures)
    roles[mujoco.mjtTextureRole.mjTEXROLE_RGB] = body.name
    material.textures = roles
    margin_m = MARGIN_SQUARES * board.square_m
    spec.add_mesh(
        name=body.name,
        uservert=_corners(size_m, margin_m).ravel(),
        # Seen from negative z: counter-clockwise from there.
        userface=[0, 3, 2, 0, 2, 1],
        usertexcoord=[0, 1, 1, 1, 1, 0, 0, 0],
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
    )
    body.add_geom(
        name=body.name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=body.name, material=body.name,
        contype=0, conaffinity=0, group=VISUAL_GROUP, mass=0,
    )  # fmt: skip
    middle = size_m / 2 - margin_m
    body.add_geom(
        name=f"{body.name}_back", type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[*(size_m / 2), THICKNESS_M / 2], pos=[*middle, THICKNESS_M / 2 + 0.0005],
        rgba=[0.8, 0.8, 0.8, 1], contype=0, conaffinity=0, group=VISUAL_GROUP, mass=0,
    )  # fmt: skip


def _corners(size_m: FloatArray, margin_m: float) -> FloatArray:
    """Corners of the paper in the board's frame, shape (4, 3), clockwise seen from positive z."""
    low, high = np.full(2, -margin_m), size_m - margin_m
    return np.array(
        [[low[0], low[1], 0], [high[0], low[1], 0], [high[0], high[1], 0], [low[0], high[1], 0]]
    )
