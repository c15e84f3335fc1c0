"""Which renderer draws the simulated cameras: EGL, else OSMesa, else ray casting.

All three draw the same model with the same intrinsics. EGL and OSMesa need system libraries; ray
casting needs nothing but the physics library, and is coarser.
"""

import logging
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from teleop_collect.devices.sim.scene import FAR_M
from teleop_collect.errors import DeviceError
from teleop_collect.rig.calibration.values import Board
from teleop_collect.samples import FloatArray

GlBackend = Literal["egl", "osmesa"]
Backend = Literal["egl", "osmesa", "raycast"]
ColorImage = NDArray[np.uint8]
DepthImage = NDArray[np.uint16]

GL_BACKENDS: tuple[GlBackend, ...] = ("egl", "osmesa")
APT_PACKAGES = {
    "egl": "libegl1 libegl-mesa0 libgl1-mesa-dri libopengl0",
    "osmesa": "libosmesa6",
}
PROBE_TIMEOUT_S = 30.0
MM_PER_M = 1000.0

_log = logging.getLogger(__name__)


class Renderer(Protocol):
    """Draws colour and depth of one state."""

    backend: Backend

    def load(self, model: Any) -> None:
        """Prepare for a `mujoco.MjModel`; replaces the model loaded before."""
        ...

    def render(self, data: Any, camera: str) -> tuple[ColorImage, DepthImage]:
        """Draw a camera's view.

        Args:
            data: a `mujoco.MjData` of the loaded model, kinematics and cameras up to date.
            camera: name of the camera.

        Returns:
            Colour, uint8 RGB, shape (height, width, 3), and depth as of `depth_mm`, shape
            (height, width).
        """
        ...

    def close(self) -> None:
        """Release the renderer; safe to call twice."""
        ...


def depth_mm(depth_m: FloatArray) -> DepthImage:
    """Depth as cameras deliver it: rounded to the nearest mm, 0 where nothing is in range.

    Args:
        depth_m: along the optical axis, m.

    Returns:
        uint16, mm; 0 beyond `FAR_M`, where nothing was hit, and below half a millimetre.
    """
    in_range = depth_m < FAR_M
    return np.where(in_range, np.rint(np.where(in_range, depth_m, 0.0) * MM_PER_M), 0).astype(
        np.uint16
    )


def choose_backend(preference: str) -> Backend:
    """The renderer to use on this machine.

    Args:
        preference: `sim.render` of the rig file: `auto` tries EGL, then OSMesa, and falls back to
            ray casting; any other value is taken or refused.

    Raises:
        DeviceError: the renderer asked for does not work here; says which packages it needs.
    """
    if preference == "raycast":
        return "raycast"
    reasons: dict[str, str] = {}
    for backend in GL_BACKENDS:
        if preference in ("auto", backend):
            reason = why_not(backend)
            if reason is None:
                return backend
            reasons[backend] = reason
    if preference != "auto":
        raise DeviceError(
            f"sim.render is {preference!r}, which does not work on this machine "
            f"({reasons[preference]}); install it with `apt install {APT_PACKAGES[preference]}`, "
            "or set sim.render to auto"
        )
    _log.warning(
        "no OpenGL on this machine: simulated cameras are ray-cast at low resolution; "
        "for full images: apt install %s",
        APT_PACKAGES["egl"],
    )
    return "raycast"


def why_not(backend: GlBackend) -> str | None:
    """Why a graphics backend cannot draw here; None when it can.

    Tried in a process of its own: a backend that fails to load leaves the OpenGL bindings unusable
    for the next one, and a broken driver may end the process.
    """
    command = [sys.executable, "-m", "teleop_collect.devices.sim.gl_renderer", backend]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no image within {PROBE_TIMEOUT_S:g} s"
    if result.returncode == 0:
        return None
    said = result.stderr.strip().splitlines()
    return said[-1] if said else f"exit code {result.returncode}"


def open_renderer(preference: str, boards: Mapping[str, Board] | None = None) -> Renderer:
    """Choose a backend and open it; see `choose_backend`.

    Args:
        preference: `sim.render` of the rig file.
        boards: ChArUco boards of the scene, by name.
    """
    backend = choose_backend(preference)
    if backend == "raycast":
        from teleop_collect.devices.sim.raycast_renderer import RaycastRenderer

        return RaycastRenderer(boards)
    from teleop_collect.devices.sim.gl_renderer import GlRenderer

    return GlRenderer(backend)
