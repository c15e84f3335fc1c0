"""Physics of the simulated rig: commands in, joints, wrench and object poses out. No graphics."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.randomization import SceneParameters, sample_scene, sim_section
from teleop_collect.devices.sim.scene import build_model
from teleop_collect.devices.sim.sim_arm import SimArm
from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Rig
from teleop_collect.samples import FloatArray, JointSample, Pose, PoseSample, WrenchSample

OBJECTS = ("cube", "bin")


class SimWorld:
    """The simulated arms, table, cube and bin.

    Time passes only in `step`. Each arm has a watchdog of its own, as a real follower should: after
    100 ms of simulated time without a command it comes to rest where it is, and keeps its grip.

    Args:
        rig: the rig to simulate.
        seed: draws the scene (see `randomization`) and the force-torque sensor's noise.
        rig_path: file the rig was read from, to which relative URDF paths refer.

    Raises:
        ConfigError: the rig cannot be simulated.
        MissingExtraError: mujoco is not installed.
    """

    def __init__(self, rig: Rig, seed: int, rig_path: Path | None = None) -> None:
        self._mujoco = import_mujoco()
        self.rig = rig
        self._rig_path = rig_path
        self._period_s = 1.0 / sim_section(rig).physics_hz
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Build the scene of `seed` with all arms at rest in their home posture."""
        self.scene: SceneParameters = sample_scene(self.rig, seed)
        self._model = build_model(self.rig, self.scene, self._rig_path)
        self._data = self._mujoco.MjData(self._model)
        self._arms = {
            name: self._sim_arm(name, arm, np.random.default_rng([seed, 200, index]))
            for index, (name, arm) in enumerate(self.rig.arms.items())
        }
        for arm in self._arms.values():
            arm.go_home()
        self._mujoco.mj_forward(self._model, self._data)

    @property
    def seed(self) -> int:
        """Seed of the present scene."""
        return self.scene.seed

    @property
    def randomization(self) -> dict[str, Any]:
        """What was drawn for the present scene, plain values."""
        return self.scene.as_dict()

    @property
    def time_s(self) -> float:
        """Simulated time since the last reset, s."""
        return float(self._data.time)

    @property
    def qpos(self) -> FloatArray:
        """A copy of MuJoCo's generalised positions, shape (nq,): all that a renderer needs."""
        return np.array(self._data.qpos)

    def command(self, arm: str, positions: Mapping[str, float]) -> bool:
        """Set the positions that an arm's servos go to.

        Args:
            arm: name of the arm.
            positions: rad (revolute) or m (prismatic) by joint name; joints not named keep their
                target. Values beyond the URDF's limits are clipped to them.

        Returns:
            True when taken. A command with an unknown joint or a value that is not finite is
            refused as a whole, counted in `refused`, and does not feed the watchdog.

        Raises:
            ConfigError: no such arm.
        """
        return self._arm(arm).command(positions, self.time_s)

    def place(self, arm: str, joints: Mapping[str, float]) -> None:
        """Put an arm at rest in a posture at once; joints not named stay.

        Args:
            arm: name of the arm.
            joints: rad or m by name, clipped to the URDF's limits.
        """
        self._arm(arm).place(joints)
        self._mujoco.mj_forward(self._model, self._data)

    def refused(self, arm: str) -> int:
        """Number of commands refused since the last reset."""
        return self._arm(arm).refused

    def holding(self, arm: str) -> bool:
        """Whether the arm's watchdog holds it, for want of commands."""
        return self._arm(arm).holding

    def step(self, count: int = 1) -> None:
        """Advance by `count` physics steps of 1 / `sim.physics_hz` s."""
        while count > 0:
            waits_s = [arm.until_hold_s(self.time_s) for arm in self._arms.values()]
            until_hold_s = min(waits_s, default=math.inf)
            block = count
            if math.isfinite(until_hold_s):
                block = min(count, max(1, math.ceil(until_hold_s / self._period_s - 1e-6)))
            self._mujoco.mj_step(self._model, self._data, nstep=block)
            for arm in self._arms.values():
                arm.watch(self.time_s)
            count -= block

    def joint_sample(self, arm: str, stamp_ns: int) -> JointSample:
        """Measured joints of an arm, in the order of the rig file, stamped `stamp_ns`.

        Effort is what the servo delivers, its gravity compensation included.
        """
        return self._arm(arm).joint_sample(stamp_ns)

    def wrench_sample(self, arm: str, stamp_ns: int) -> WrenchSample:
        """Force and torque that the environment exerts on the tool, in the sensor's frame.

        Tared: the weight of the tool itself is taken out in every posture; the weight of a held
        object is not. `sim.planted` of the rig file can leave the weight in and add a bias.
        Pressing the tool down on the table gives a force along world +z. The origin
        of the torque is the origin of the sensor's frame. Gaussian noise is added. The value is
        that of the start of the last physics step.

        Raises:
            ConfigError: the arm has no force-torque sensor.
        """
        return self._arm(arm).wrench_sample(stamp_ns)

    def object_pose(self, name: str, stamp_ns: int) -> PoseSample:
        """True pose of `cube` (origin at its centre) or `bin` (origin below its middle).

        Raises:
            ConfigError: no such object.
        """
        if name not in OBJECTS:
            raise ConfigError(f"object {name!r} is not in the simulated scene; it has {OBJECTS}")
        body = self._data.body(name)
        w, x, y, z = (float(value) for value in body.xquat)
        px, py, pz = (float(value) for value in body.xpos)
        return PoseSample(stamp_ns, "world", Pose((px, py, pz), (x, y, z, w)))

    def touching(self, name: str) -> frozenset[str]:
        """What an object touches after the last step: names of geoms, or of bodies without any.

        Fingers count by their links' names, for example `main/left_finger`.

        Raises:
            ConfigError: no such object.
        """
        if name not in OBJECTS:
            raise ConfigError(f"object {name!r} is not in the simulated scene; it has {OBJECTS}")
        body = self._model.body(name).id
        pairs = self._data.contact.geom[: self._data.ncon]
        owners = self._model.geom_bodyid[pairs]
        others = pairs[:, ::-1][owners == body]
        return frozenset(self._geom_name(int(geom)) for geom in others)

    def _geom_name(self, geom: int) -> str:
        owner = self._model.body(int(self._model.geom_bodyid[geom])).name
        return str(self._model.geom(geom).name or owner)

    def _sim_arm(self, name: str, arm: Arm, noise: np.random.Generator) -> SimArm:
        planted = sim_section(self.rig).planted
        return SimArm(self._mujoco, self._model, self._data, name, arm, noise, planted)

    def _arm(self, name: str) -> SimArm:
        if name not in self._arms:
            raise ConfigError(f"no simulated arm {name!r}; the rig has {', '.join(self._arms)}")
        return self._arms[name]
