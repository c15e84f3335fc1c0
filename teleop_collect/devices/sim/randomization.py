"""What differs between two simulated scenes of one rig, drawn from a seed.

`SceneParameters` holds every drawn value, and nothing else of the scene is random: the same rig
and seed give the same scene in every process. `as_dict()` is what goes into the episode's data.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Rig, Sim, SimObject, Vector3

Texture = Literal["plain", "wood", "speckle"]
TEXTURES: tuple[Texture, ...] = ("plain", "wood", "speckle")
Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Placement:
    """Where an object starts: position of its origin in the world, m, and yaw, rad."""

    xyz_m: Vector3
    yaw_rad: float


@dataclass(frozen=True)
class Lighting:
    """One directional key light over ambient light.

    Attributes:
        direction: unit vector along which the key light shines, in the world.
        key: intensity of the key light, 0 to 1.
        ambient: intensity of the ambient light, 0 to 1.
        warmth: -1 (blue) to 1 (yellow) tint of the key light.
    """

    direction: Vector3
    key: float
    ambient: float
    warmth: float


@dataclass(frozen=True)
class Colors:
    """Linear RGB, 0 to 1, and the table's pattern."""

    table: Rgb
    table_texture: Texture
    floor: Rgb
    wall: Rgb
    cube: Rgb
    bin: Rgb


@dataclass(frozen=True)
class Contact:
    """What decides whether a grasp holds."""

    cube_mass_kg: float
    cube_friction: float
    """Sliding friction coefficient between cube and fingers, table and bin."""


@dataclass(frozen=True)
class CameraOffset:
    """How far a camera sits from its mount, in its own optical frame."""

    xyz_m: Vector3
    rpy_rad: Vector3


@dataclass(frozen=True)
class SceneParameters:
    """Everything that was drawn for one scene."""

    seed: int
    randomized: bool
    cube: Placement
    bin: Placement
    lighting: Lighting
    colors: Colors
    contact: Contact
    camera_offsets: dict[str, CameraOffset]

    def as_dict(self) -> dict[str, Any]:
        """Plain values only, for JSON."""
        return asdict(self)


NOMINAL_LIGHTING = Lighting((-0.35, 0.25, -0.9), 0.55, 0.45, 0.0)
NOMINAL_COLORS = Colors(
    table=(0.72, 0.6, 0.46),
    table_texture="wood",
    floor=(0.36, 0.38, 0.4),
    wall=(0.74, 0.76, 0.76),
    cube=(0.85, 0.1, 0.08),
    bin=(0.2, 0.45, 0.75),
)
NOMINAL_CONTACT = Contact(cube_mass_kg=0.06, cube_friction=1.0)

TABLE_COLORS: tuple[Rgb, ...] = (
    (0.72, 0.6, 0.46),
    (0.82, 0.8, 0.76),
    (0.45, 0.47, 0.5),
    (0.6, 0.48, 0.36),
    (0.7, 0.75, 0.72),
)
BIN_COLORS: tuple[Rgb, ...] = (
    (0.2, 0.45, 0.75),
    (0.24, 0.55, 0.38),
    (0.85, 0.7, 0.25),
    (0.55, 0.56, 0.6),
)


def sim_section(rig: Rig) -> Sim:
    """The rig's `sim` section.

    Raises:
        ConfigError: the rig has none, so it cannot be simulated.
    """
    if rig.sim is None:
        raise ConfigError(
            f"rig {rig.name} has no `sim` section and cannot be simulated; "
            "add one, or use the rig sim_tabletop"
        )
    return rig.sim


def sample_scene(rig: Rig, seed: int) -> SceneParameters:
    """Draw a scene.

    Args:
        rig: the rig; with `sim.randomize: false` every scene is the nominal one.
        seed: any non-negative integer.

    Returns:
        The scene, equal for equal arguments.

    Raises:
        ConfigError: the rig has no `sim` section, or the seed is negative.
    """
    sim = sim_section(rig)
    if seed < 0:
        raise ConfigError(f"scene seed is {seed}; it must be 0 or larger")
    if not sim.randomize:
        return _nominal_scene(rig, sim, seed)
    # One stream of numbers a group: a new draw in one group leaves the others as they were.
    place, light, color, contact, camera = (
        np.random.default_rng([seed, group]) for group in range(5)
    )
    return SceneParameters(
        seed=seed,
        randomized=True,
        cube=_placed(sim.cube, place),
        bin=_placed(sim.bin, place),
        lighting=_lighting(light),
        colors=_colors(color),
        contact=Contact(
            cube_mass_kg=float(contact.uniform(0.04, 0.09)),
            cube_friction=float(contact.uniform(0.8, 1.2)),
        ),
        camera_offsets={
            name: CameraOffset(
                _uniform3(camera, sim.camera_jitter_m), _uniform3(camera, sim.camera_jitter_rad)
            )
            for name in rig.cameras
        },
    )


def _nominal_scene(rig: Rig, sim: Sim, seed: int) -> SceneParameters:
    """The scene as the rig file states it."""
    still = CameraOffset((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    return SceneParameters(
        seed=seed,
        randomized=False,
        cube=Placement(sim.cube.xyz_m, sim.cube.yaw_rad),
        bin=Placement(sim.bin.xyz_m, sim.bin.yaw_rad),
        lighting=NOMINAL_LIGHTING,
        colors=NOMINAL_COLORS,
        contact=NOMINAL_CONTACT,
        camera_offsets=dict.fromkeys(rig.cameras, still),
    )


def _uniform3(rng: np.random.Generator, bound: float) -> Vector3:
    """Three values, each uniform in +- bound."""
    x, y, z = (float(value) for value in rng.uniform(-bound, bound, 3))
    return (x, y, z)


def _placed(nominal: SimObject, rng: np.random.Generator) -> Placement:
    """A start pose around the nominal one; the height stays."""
    dx, dy, _ = _uniform3(rng, nominal.jitter_m)
    yaw = float(rng.uniform(-nominal.jitter_yaw_rad, nominal.jitter_yaw_rad))
    x, y, z = nominal.xyz_m
    return Placement((x + dx, y + dy, z), nominal.yaw_rad + yaw)


def _lighting(rng: np.random.Generator) -> Lighting:
    """A key light from somewhere above."""
    azimuth, tilt = rng.uniform(-np.pi, np.pi), rng.uniform(0.15, 0.7)
    direction = (np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), -np.cos(tilt))
    x, y, z = (float(value) for value in direction)
    key, ambient = float(rng.uniform(0.4, 0.65)), float(rng.uniform(0.35, 0.5))
    return Lighting((x, y, z), key, ambient, float(rng.uniform(-1, 1)))


def _colors(rng: np.random.Generator) -> Colors:
    """Surfaces of a plausible workplace; the cube stays red, as the task says."""
    gray = float(rng.uniform(0.25, 0.45))
    wall = float(rng.uniform(0.6, 0.85))
    return Colors(
        table=_tinted(TABLE_COLORS[rng.integers(len(TABLE_COLORS))], rng, 0.05),
        table_texture=TEXTURES[rng.integers(len(TEXTURES))],
        floor=_tinted((gray, gray, gray), rng, 0.03),
        wall=_tinted((wall, wall, wall), rng, 0.05),
        cube=_tinted((0.83, 0.1, 0.08), rng, 0.06),
        bin=_tinted(BIN_COLORS[rng.integers(len(BIN_COLORS))], rng, 0.05),
    )


def _tinted(color: Rgb, rng: np.random.Generator, spread: float) -> Rgb:
    """A colour near another one."""
    r, g, b = (float(v) for v in np.clip(np.array(color) + rng.uniform(-spread, spread, 3), 0, 1))
    return (r, g, b)
