"""Simulated RGB-D cameras that render states of a physics process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from teleop_collect.clock import Clock, PacedLoop
from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.poses import pose_of, transform
from teleop_collect.devices.sim.randomization import sim_section
from teleop_collect.devices.sim.renderer import Renderer, open_renderer
from teleop_collect.devices.sim.scene import scene_from_seed
from teleop_collect.devices.sim.scene_boards import simulated_boards
from teleop_collect.devices.sim.scene_cameras import (
    intrinsics_of,
    mounted_camera,
    place_camera,
    simulated_cameras,
    world_from_optical,
)
from teleop_collect.devices.sim.state_file import SimState, StateReader
from teleop_collect.errors import ConfigError, DeviceError
from teleop_collect.rig.config import Rig, Vector3
from teleop_collect.samples import FloatArray, Intrinsics, Pose, RgbdSample

FIRST_STATE_TIMEOUT_S = 10.0
STATE_TIMEOUT_S = 1.0


class SimCameras:
    """Several cameras of one rig, drawn in one process with one graphics context.

    Args:
        rig: the rig.
        names: which of its cameras.
        state_path: file to which the physics writes (see `state_file`).
        clock: paces waiting.
        rig_path: file the rig was read from, to which relative URDF paths refer.

    Raises:
        ConfigError: the rig cannot be simulated or has no such camera.
    """

    def __init__(
        self,
        rig: Rig,
        names: Sequence[str],
        state_path: Path,
        clock: Clock,
        rig_path: Path | None = None,
    ) -> None:
        for name in names:
            if name not in simulated_cameras(rig):
                raise ConfigError(
                    f"no simulated camera {name!r} in rig {rig.name}; "
                    f"it has {', '.join(simulated_cameras(rig))}"
                )
        self._preference = sim_section(rig).render
        self._rig, self._rig_path = rig, rig_path
        cameras = simulated_cameras(rig)
        self._configs = {name: cameras[name] for name in names}
        self._seen = dict.fromkeys(names, 0)
        self._states = StateReader(state_path, rig, clock)
        self._renderer: Renderer | None = None
        self._seed: int | None = None
        self._mujoco: Any = None
        self._displaced: dict[str, FloatArray] = {}
        self._unplaced: set[str] = set()
        self._mounted: dict[str, FloatArray] = {}

    def connect(self) -> None:
        """Open the renderer. The physics may start later.

        Raises:
            DeviceError: the renderer that the rig file asks for does not work here.
            MissingExtraError: mujoco is not installed.
        """
        self.close()
        self._mujoco = import_mujoco()
        self._renderer = open_renderer(self._preference, simulated_boards(self._rig))

    @property
    def backend(self) -> str:
        """`egl`, `osmesa` or `raycast`; `closed` before `connect`."""
        return self._renderer.backend if self._renderer else "closed"

    def intrinsics(self, name: str) -> Intrinsics:
        """Pinhole parameters of a camera's colour image, to which depth is aligned."""
        return intrinsics_of(self._configs[name])

    def displace(self, name: str, moved_m: Vector3, turned_rad: Vector3) -> None:
        """From the next image on, a camera sits elsewhere than its mount says.

        Args:
            name: of the camera.
            moved_m: along the axes of its optical frame; all zero puts it back.
            turned_rad: roll, pitch and yaw about them.
        """
        self._displaced[name] = transform(moved_m, turned_rad)
        self._unplaced.add(name)

    def read(self, name: str) -> RgbdSample:
        """Draw the newest state that this camera has not shown yet.

        Pacing is the caller's. The stamp is that of the physics state drawn.

        Raises:
            DeviceTimeout: the physics gives no new state.
            DeviceDisconnected: no physics is running.
            ConfigError: the physics simulates another rig.
            DeviceError: not connected.
        """
        if self._renderer is None:
            raise DeviceError(f"camera {name} is not connected; call connect() first")
        seen = self._seen[name]
        state = self._states.wait_newer(seen, STATE_TIMEOUT_S if seen else FIRST_STATE_TIMEOUT_S)
        self._show(self._renderer, state)
        color, depth_mm = self._renderer.render(self._data, name)
        self._seen[name] = state.sequence
        depth = depth_mm if self._configs[name].depth else None
        return RgbdSample(state.stamp_ns, color, depth)

    def world_from_camera(self, name: str) -> Pose:
        """True pose of a camera's optical frame in the state drawn last.

        Raises:
            DeviceError: nothing has been drawn yet.
        """
        if self._seed is None:
            raise DeviceError(f"camera {name} has drawn nothing yet; call read() first")
        return pose_of(world_from_optical(self._data, name))

    def close(self) -> None:
        """Release renderer and state file; safe to call twice."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        self._states.close()
        self._seed = None

    def _show(self, renderer: Renderer, state: SimState) -> None:
        """Put a state into the model; build the model anew when the scene has changed."""
        if state.seed != self._seed:
            model = scene_from_seed(self._rig, state.seed, self._rig_path)
            renderer.load(model)
            self._model, self._data = model, self._mujoco.MjData(model)
            self._seed = state.seed
            self._mounted = {n: mounted_camera(model, n) for n in self._configs}
            self._unplaced = set(self._displaced)
        while self._unplaced:
            name = self._unplaced.pop()
            place_camera(self._model, name, self._mounted[name] @ self._displaced[name])
        self._data.qpos[:] = state.qpos
        self._mujoco.mj_kinematics(self._model, self._data)
        self._mujoco.mj_camlight(self._model, self._data)


class SimCamera:
    """One simulated camera at its own rate; a `teleop_collect.devices.protocols.Camera`.

    Args:
        rig: the rig.
        name: which of its cameras.
        state_path: file to which the physics writes.
        clock: paces images.
        rig_path: file the rig was read from.
    """

    def __init__(
        self, rig: Rig, name: str, state_path: Path, clock: Clock, rig_path: Path | None = None
    ) -> None:
        self._cameras = SimCameras(rig, (name,), state_path, clock, rig_path)
        self._name = name
        self._clock = clock
        self._fps = rig.cameras[name].fps
        self._loop = PacedLoop(self._fps, clock)

    def connect(self) -> None:
        """Open the renderer; see `SimCameras.connect`."""
        self._cameras.connect()
        self._loop = PacedLoop(self._fps, self._clock)

    def intrinsics(self) -> Intrinsics:
        """Pinhole parameters of the colour image."""
        return self._cameras.intrinsics(self._name)

    def read(self) -> RgbdSample:
        """Wait until the next image is due and draw it; see `SimCameras.read`."""
        self._loop.wait()
        return self._cameras.read(self._name)

    def world_from_camera(self) -> Pose:
        """True pose of the optical frame in the state drawn last."""
        return self._cameras.world_from_camera(self._name)

    def close(self) -> None:
        """Release the renderer; safe to call twice."""
        self._cameras.close()
