"""Draws simulated cameras through OpenGL without a display, colour and depth in one pass.

Run as a module with a backend's name it draws one tiny image and exits 0 if that was right.
"""

import importlib
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.renderer import (
    MM_PER_M,
    Backend,
    ColorImage,
    DepthImage,
    GlBackend,
)
from teleop_collect.devices.sim.scene import FAR_M
from teleop_collect.devices.sim.scene_arm import VISUAL_GROUP
from teleop_collect.devices.sim.scene_props import ROOM_GROUP

OFF_FLAGS = ("SHADOW", "REFLECTION", "SKYBOX", "HAZE", "FOG")
GROUPS = (VISUAL_GROUP, 0, ROOM_GROUP)
"""Geoms that are drawn, roughly from near to far: what is hidden then costs no shading."""
MAX_GEOMS = 1000
FONT_SCALE = 100


@dataclass(frozen=True)
class View:
    """One camera of the loaded model, and what OpenGL reads its images into: lowest row first."""

    index: int
    rectangle: Any
    color: ColorImage
    depth: NDArray[np.float32]


class GlRenderer:
    """One OpenGL context for all cameras of a scene.

    The context belongs to a thread only while it draws, so reading and closing may happen in
    different threads, though not at the same time.

    Args:
        backend: the library that makes the context.
    """

    def __init__(self, backend: GlBackend) -> None:
        self.backend: Backend = backend
        self._mujoco = import_mujoco()
        # The context classes are imported by name, so this works whatever MUJOCO_GL says.
        self._context_class = importlib.import_module(f"mujoco.{backend}").GLContext
        self._context: Any = None
        self._drawing: Any = None

    def load(self, model: Any) -> None:
        """See `Renderer`. Textures go to the context anew: about 50 ms."""
        mujoco = self._mujoco
        self.close()
        buffer = model.vis.global_
        self._context = self._context_class(buffer.offwidth, buffer.offheight)
        with self._context.as_current():
            self._drawing = mujoco.MjrContext(model, FONT_SCALE)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._drawing)
        # Reversed depth keeps float precision where the scene is.
        self._drawing.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        extent, clip = model.stat.extent, model.vis.map
        self._per_near, self._per_far = 1 / (clip.znear * extent), 1 / (clip.zfar * extent)
        self._views: dict[str, View] = {}
        self._model = model
        self._open_scene()

    def _open_scene(self) -> None:
        """Make what `_show` fills."""
        mujoco = self._mujoco
        self._scene = mujoco.MjvScene(self._model, MAX_GEOMS)
        for name in OFF_FLAGS:
            self._scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{name}")] = False
        self._options = [_only(mujoco, group) for group in GROUPS]
        self._perturbation = mujoco.MjvPerturb()
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED

    def render(self, data: Any, camera: str) -> tuple[ColorImage, DepthImage]:
        """See `Renderer`."""
        if camera not in self._views:
            self._views[camera] = self._view(camera)
        view = self._views[camera]
        self._show(data, view)
        with self._context.as_current():
            self._mujoco.mjr_render(view.rectangle, self._scene, self._drawing)
            self._mujoco.mjr_readPixels(view.color, view.depth, view.rectangle, self._drawing)
        # OpenGL's first row is the lowest one.
        return np.ascontiguousarray(view.color[::-1]), self._depth_mm(view.depth)

    def _view(self, camera: str) -> View:
        index = self._model.camera(camera).id
        width, height = self._model.cam_resolution[index].tolist()
        return View(
            index,
            self._mujoco.MjrRect(0, 0, width, height),
            np.empty((height, width, 3), np.uint8),
            np.empty((height, width), np.float32),
        )

    def _show(self, data: Any, view: View) -> None:
        """Put what a camera sees into the scene."""
        mujoco, model, scene = self._mujoco, self._model, self._scene
        everything = mujoco.mjtCatBit.mjCAT_ALL
        self._camera.fixedcamid = view.index
        first, *others = self._options
        mujoco.mjv_updateScene(model, data, first, None, self._camera, everything, scene)
        for options in others:
            mujoco.mjv_addGeoms(model, data, options, self._perturbation, everything, scene)

    def _depth_mm(self, reversed_depth: NDArray[np.float32]) -> DepthImage:
        """Depth along the optical axis from a reversed depth buffer (1 near, 0 far).

        1/z is linear in the buffer's value: 1/far + value (1/near - 1/far). The buffer is
        overwritten: more memory would cost more than the arithmetic.
        """
        per_near, per_far = self._per_near, self._per_far
        slope = per_near - per_far
        out_of_range = reversed_depth <= max(0.0, (1 / FAR_M - per_far) / slope)
        depth = reversed_depth
        depth *= slope
        depth += per_far
        np.divide(MM_PER_M, depth, out=depth)
        np.rint(depth, out=depth)
        depth[out_of_range] = 0
        return depth[::-1].astype(np.uint16, order="C")

    def close(self) -> None:
        """See `Renderer`."""
        if self._drawing is not None:
            with self._context.as_current():
                self._drawing.free()
            self._drawing = None
        if self._context is not None:
            self._context.free()
            self._context = None


def _only(mujoco: Any, group: int) -> Any:
    """Options that show the geoms of one group."""
    options = mujoco.MjvOption()
    options.geomgroup[:] = 0
    options.geomgroup[group] = 1
    return options


PROBE_SCENE = """
<mujoco>
  <statistic extent="1"/>
  <visual><headlight ambient="1 1 1" diffuse="0 0 0"/></visual>
  <worldbody>
    <geom type="plane" size="1 1 1" rgba="1 0 0 1"/>
    <camera name="probe" pos="0 0 0.5" resolution="16 16"/>
  </worldbody>
</mujoco>
"""


def probe(backend: GlBackend) -> bool:
    """Draw a red wall half a metre away and check what comes back."""
    mujoco = import_mujoco()
    model = mujoco.MjModel.from_xml_string(PROBE_SCENE)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = GlRenderer(backend)
    renderer.load(model)
    color, depth = renderer.render(data, "probe")
    renderer.close()
    red, green, _ = color[8, 8]
    return bool(red > 200 and green < 128 and abs(int(depth[8, 8]) - 500) <= 1)


if __name__ == "__main__":
    chosen: GlBackend = "osmesa" if sys.argv[1] == "osmesa" else "egl"
    raise SystemExit(None if probe(chosen) else f"{chosen} draws a wrong image")
