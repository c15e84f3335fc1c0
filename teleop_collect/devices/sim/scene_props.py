"""Table, room, lights, cube and bin of the simulated scene."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.devices.sim.randomization import Placement, Rgb, SceneParameters, Texture

CUBE_EDGE_M = 0.04
BIN_INNER_M = 0.16
BIN_HEIGHT_M = 0.08
BIN_WALL_M = 0.006
TABLE_SIZE_M = (1.1, 1.7, 0.04)
TABLE_CENTER_M = (0.25, 0.0)
FLOOR_Z_M = -0.75
ROOM_HALF_M = 2.6
TEXTURE_PX = 256
ROOM_GROUP = 2
"""Geoms of floor and walls, behind all else."""


def add_room(mujoco: Any, spec: Any, parameters: SceneParameters, arm_bits: int) -> None:
    """Floor, walls and a table whose top is z = 0."""
    colors = parameters.colors
    world = spec.worldbody
    plane, box = mujoco.mjtGeom.mjGEOM_PLANE, mujoco.mjtGeom.mjGEOM_BOX
    half = ROOM_HALF_M
    solid = {"contype": 1, "conaffinity": 1 | arm_bits}
    world.add_geom(
        name="floor", type=plane, size=[half, half, 1], pos=[0, 0, FLOOR_Z_M],
        rgba=[*colors.floor, 1], group=ROOM_GROUP, **solid,
    )  # fmt: skip
    for index, (nx, ny) in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1)]):
        world.add_geom(
            name=f"wall_{index}", type=plane, size=[half, half, 1], pos=[half * nx, half * ny, 0],
            zaxis=[-nx, -ny, 0], rgba=[*colors.wall, 1], group=ROOM_GROUP,
            contype=0, conaffinity=0,
        )  # fmt: skip
    _add_table_material(mujoco, spec, colors.table, colors.table_texture, parameters.seed)
    size = np.array(TABLE_SIZE_M)
    x, y = TABLE_CENTER_M
    world.add_geom(
        name="table", type=box, size=size / 2, pos=[x, y, -size[2] / 2], material="table", **solid
    )
    leg_m = -FLOOR_Z_M - size[2]
    inset = size / 2 - 0.05
    for index, (sx, sy) in enumerate([(-1, -1), (-1, 1), (1, -1), (1, 1)]):
        world.add_geom(
            name=f"table_leg_{index}", type=box, size=[0.03, 0.03, leg_m / 2],
            pos=[x + sx * inset[0], y + sy * inset[1], FLOOR_Z_M + leg_m / 2],
            rgba=[0.3, 0.3, 0.32, 1], **solid,
        )  # fmt: skip


def add_objects(mujoco: Any, spec: Any, parameters: SceneParameters, arm_bits: int) -> None:
    """The free cube and the fixed, open bin."""
    box = mujoco.mjtGeom.mjGEOM_BOX
    contact = parameters.contact
    solid = {"contype": 1, "conaffinity": 1 | arm_bits}
    cube = _add_body(spec, "cube", parameters.cube)
    cube.add_freejoint(name="cube")
    # Sliding friction as drawn; torsional friction of a soft pad about 1 cm in diameter; contacts
    # so stiff that fingers do not sink in. The cube's values count in all its contacts (priority).
    cube.add_geom(
        name="cube", type=box, size=[CUBE_EDGE_M / 2] * 3, mass=contact.cube_mass_kg,
        rgba=[*parameters.colors.cube, 1], condim=4, priority=1,
        friction=[contact.cube_friction, 0.005, 0.0001], solref=[0.004, 1.0],
        solimp=[0.95, 0.99, 0.001, 0.5, 2.0], **solid,
    )  # fmt: skip
    bin_body = _add_body(spec, "bin", parameters.bin)
    for index, (size, pos) in enumerate(bin_walls()):
        bin_body.add_geom(
            name=f"bin_{index}", type=box, size=np.array(size) / 2, pos=pos,
            rgba=[*parameters.colors.bin, 1], **solid,
        )  # fmt: skip


def bin_walls() -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
    """Size and centre of the bin's floor and four walls, m, in the bin's frame.

    The bin's origin is the middle of its underside, z up.
    """
    outer, middle = BIN_INNER_M + 2 * BIN_WALL_M, (BIN_INNER_M + BIN_WALL_M) / 2
    wall_x = (BIN_WALL_M, outer, BIN_HEIGHT_M)
    wall_y = (outer, BIN_WALL_M, BIN_HEIGHT_M)
    return [
        ((outer, outer, BIN_WALL_M), (0.0, 0.0, BIN_WALL_M / 2)),
        (wall_x, (middle, 0.0, BIN_HEIGHT_M / 2)),
        (wall_x, (-middle, 0.0, BIN_HEIGHT_M / 2)),
        (wall_y, (0.0, middle, BIN_HEIGHT_M / 2)),
        (wall_y, (0.0, -middle, BIN_HEIGHT_M / 2)),
    ]


def add_lights(mujoco: Any, spec: Any, parameters: SceneParameters) -> None:
    """One directional light without shadows, and ambient light."""
    lighting = parameters.lighting
    tint = np.array([1 + 0.08 * lighting.warmth, 1.0, 1 - 0.12 * lighting.warmth])
    spec.worldbody.add_light(
        name="key",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[-2 * component for component in lighting.direction],
        dir=lighting.direction,
        diffuse=np.clip(lighting.key * tint, 0, 1),
        specular=[0.15, 0.15, 0.15],
        castshadow=False,
    )
    headlight = spec.visual.headlight
    headlight.ambient = [lighting.ambient] * 3
    headlight.diffuse = [0.12] * 3
    headlight.specular = [0.0] * 3


def _add_body(spec: Any, name: str, placement: Placement) -> Any:
    """A body of the world at a placement."""
    yaw = placement.yaw_rad / 2
    return spec.worldbody.add_body(
        name=name, pos=placement.xyz_m, quat=[np.cos(yaw), 0, 0, np.sin(yaw)]
    )


def _add_table_material(mujoco: Any, spec: Any, color: Rgb, texture: Texture, seed: int) -> None:
    """Material `table`: its colour times a bright pattern."""
    material = spec.add_material(
        name="table", rgba=[*color, 1], specular=0.2, shininess=0.2, texrepeat=[2, 3]
    )
    if texture == "plain":
        return
    pattern = table_pattern(texture, seed)
    image = spec.add_texture(
        name="table", type=mujoco.mjtTexture.mjTEXTURE_2D, width=TEXTURE_PX, height=TEXTURE_PX
    )
    image.nchannel = 3
    image.data = np.repeat(pattern[:, :, None], 3, axis=2).tobytes()
    roles = list(material.textures)
    roles[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "table"
    material.textures = roles


def table_pattern(texture: Texture, seed: int) -> NDArray[np.uint8]:
    """Brightness of one tile of the table's surface, shape (256, 256), around 230."""
    rng = np.random.default_rng([seed, 100])
    rows = np.arange(TEXTURE_PX)
    if texture == "wood":
        grain = np.cumsum(rng.normal(0, 1.5, TEXTURE_PX))
        grain -= np.linspace(grain[0], grain[-1], TEXTURE_PX)
        waves = 6 * np.sin(2 * np.pi * rows / TEXTURE_PX)[:, None]
        columns = (rows[None, :] + waves).astype(int) % TEXTURE_PX
        value = 228 + 1.5 * grain[columns] + rng.normal(0, 3, (TEXTURE_PX, TEXTURE_PX))
    else:
        value = 230 + rng.normal(0, 7, (TEXTURE_PX, TEXTURE_PX))
    pattern: NDArray[np.uint8] = np.clip(value, 150, 255).astype(np.uint8)
    return pattern
