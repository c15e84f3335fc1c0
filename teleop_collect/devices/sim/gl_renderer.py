"""Draws simulated cameras through OpenGL without a display, colour and depth in one pass.

Run as a module with a backend's name it draws one tiny image and exits 0 if that was right.
"""

import importlib
import sys
from typing import Any

import numpy as np

from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.renderer import Backend, ColorImage, GlBackend
from teleop_collect.samples import FloatArray

OFF_FLAGS = ("SHADOW", "REFLECTION", "SKYBOX", "HAZE", "FOG")
MAX_GEOMS = 1000
FONT_SCALE = 100


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
        self._scene = mujoco.MjvScene(model, MAX_GEOMS)
        for name in OFF_FLAGS:
            self._scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{name}")] = False
        self._options = mujoco.MjvOption()
        self._view = mujoco.MjvCamera()
        self._view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._model = model

    def render(self, data: Any, camera: str) -> tuple[ColorImage, FloatArray]:
        """See `Renderer`."""
        mujoco, model = self._mujoco, self._model
        self._view.fixedcamid = index = model.camera(camera).id
        width, height = (int(size) for size in model.cam_resolution[index])
        rectangle = mujoco.MjrRect(0, 0, width, height)
        color = np.empty((height, width, 3), np.uint8)
        depth = np.empty((height, width), np.float32)
        mujoco.mjv_updateScene(
            model, data, self._options, None, self._view, mujoco.mjtCatBit.mjCAT_ALL, self._scene
        )
        with self._context.as_current():
            mujoco.mjr_render(rectangle, self._scene, self._drawing)
            mujoco.mjr_readPixels(color, depth, rectangle, self._drawing)
        # OpenGL's first row is the lowest one.
        return np.ascontiguousarray(color[::-1]), self._meters(depth[::-1])

    def _meters(self, reversed_depth: np.ndarray[Any, np.dtype[np.float32]]) -> FloatArray:
        """Depth along the optical axis from a reversed depth buffer (1 near, 0 far), m.

        1/z is linear in the buffer's value: 1/far + value (1/near - 1/far).
        """
        extent, clip = self._model.stat.extent, self._model.vis.map
        near, far = clip.znear * extent, clip.zfar * extent
        meters: FloatArray = 1.0 / (
            1 / far + reversed_depth.astype(np.float64) * (1 / near - 1 / far)
        )
        meters[reversed_depth == 0] = np.inf
        return meters

    def close(self) -> None:
        """See `Renderer`."""
        if self._drawing is not None:
            with self._context.as_current():
                self._drawing.free()
            self._drawing = None
        if self._context is not None:
            self._context.free()
            self._context = None


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
    return bool(red > 200 and green < 128 and abs(depth[8, 8] - 0.5) < 1e-3)


if __name__ == "__main__":
    chosen: GlBackend = "osmesa" if sys.argv[1] == "osmesa" else "egl"
    raise SystemExit(None if probe(chosen) else f"{chosen} draws a wrong image")
