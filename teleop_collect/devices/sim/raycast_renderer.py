"""Draws simulated cameras by casting rays, for machines without OpenGL.

Exact geometry and depth, flat colours with Lambert shading. A ray costs microseconds, so at most
160 x 120 rays are cast and each fills a block of pixels.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from teleop_collect.devices.sim.board_image import BoardPainter
from teleop_collect.devices.sim.mujoco_library import import_mujoco
from teleop_collect.devices.sim.renderer import Backend, ColorImage, DepthImage, depth_mm
from teleop_collect.devices.sim.scene import FAR_M
from teleop_collect.devices.sim.scene_arm import COLLISION_GROUP
from teleop_collect.devices.sim.scene_boards import board_body
from teleop_collect.devices.sim.scene_cameras import world_from_optical
from teleop_collect.rig.calibration.board_pose import CameraModel
from teleop_collect.rig.calibration.rigid import inverse
from teleop_collect.rig.calibration.values import Board
from teleop_collect.samples import FloatArray

MAX_RAYS_WIDTH, MAX_RAYS_HEIGHT = 160, 120
GEOM_GROUPS = 6


class RaycastRenderer:
    """Casts one ray for each block of pixels, through the block's middle.

    Boards are painted at full resolution: a block of pixels would hide their pattern.

    Args:
        boards: ChArUco boards of the scene, by name.
    """

    def __init__(self, boards: Mapping[str, Board] | None = None) -> None:
        self._painters = {name: BoardPainter(board) for name, board in (boards or {}).items()}
        self.backend: Backend = "raycast"
        self._mujoco = import_mujoco()

    def load(self, model: Any) -> None:
        """See `Renderer`."""
        self._model = model
        self._colors = _surface_colors(model)
        self._groups = np.ones(GEOM_GROUPS, np.uint8)
        self._groups[COLLISION_GROUP] = 0
        self._bodies = {name: model.body(board_body(name)).id for name in self._painters}

    def render(self, data: Any, camera: str) -> tuple[ColorImage, DepthImage]:
        """See `Renderer`."""
        width, height = self._resolution(camera)
        rows = _ray_of_pixel(height, MAX_RAYS_HEIGHT)
        columns = _ray_of_pixel(width, MAX_RAYS_WIDTH)
        world_from_camera = world_from_optical(data, camera)
        rays = self._rays(camera, int(columns[-1]) + 1, int(rows[-1]) + 1)
        directions = rays.reshape(-1, 3) @ world_from_camera[:3, :3].T
        geoms, depth, normals = self._cast(data, world_from_camera[:3, 3], directions)
        color = self._shade(data, geoms, normals, directions)
        shape = rays.shape[:2]
        pixels = np.ix_(rows, columns)
        image, depth_m = color.reshape(*shape, 3)[pixels], depth.reshape(shape)[pixels]
        self._paint_boards(data, camera, world_from_camera, image, depth_m)
        return image, depth_mm(depth_m)

    def _paint_boards(
        self,
        data: Any,
        camera: str,
        world_from_camera: FloatArray,
        image: ColorImage,
        depth_m: FloatArray,
    ) -> None:
        for name, painter in self._painters.items():
            world_from_board = np.eye(4)
            world_from_board[:3, :3] = data.xmat[self._bodies[name]].reshape(3, 3)
            world_from_board[:3, 3] = data.xpos[self._bodies[name]]
            camera_from_board = inverse(world_from_camera) @ world_from_board
            if camera_from_board[:3, 2] @ camera_from_board[:3, 3] > 0:  # its printed side
                painter.paint(image, self._model_of(camera), camera_from_board, depth_m)

    def _model_of(self, camera: str) -> CameraModel:
        width, height = self._resolution(camera)
        focal_px = height / (2 * np.tan(np.radians(self._model.camera(camera).fovy[0]) / 2))
        middle = (width - 1) / 2, (height - 1) / 2
        matrix = np.array([[focal_px, 0, middle[0]], [0, focal_px, middle[1]], [0, 0, 1.0]])
        return CameraModel(matrix, np.zeros(5))

    def _resolution(self, camera: str) -> tuple[int, int]:
        """Width and height of a camera's image, px."""
        width, height = self._model.cam_resolution[self._model.camera(camera).id].tolist()
        return width, height

    def _rays(self, camera: str, columns: int, rows: int) -> FloatArray:
        """Directions in the optical frame, z = 1, so a ray's length is its depth."""
        width, height = self._resolution(camera)
        focal_px = height / (2 * np.tan(np.radians(self._model.camera(camera).fovy[0]) / 2))
        x = ((np.arange(columns) + 0.5) * width / columns - width / 2) / focal_px
        y = ((np.arange(rows) + 0.5) * height / rows - height / 2) / focal_px
        grid_x, grid_y = np.meshgrid(x, y)
        return np.stack([grid_x, grid_y, np.ones_like(grid_x)], axis=-1)

    def _cast(
        self, data: Any, origin: FloatArray, directions: FloatArray
    ) -> tuple[np.ndarray[Any, np.dtype[np.int32]], FloatArray, FloatArray]:
        """Geom hit (-1: none), multiple of the direction to it, and surface normal, per ray."""
        count = len(directions)
        geoms, distance = np.empty(count, np.int32), np.empty(count)
        normals = np.empty((count, 3))
        self._mujoco.mj_multiRay(
            self._model, data, origin, directions.ravel(), self._groups, 1, -1,
            geoms, distance, normals.ravel(), count, 2 * FAR_M,
        )  # fmt: skip
        distance[geoms < 0] = np.inf
        return geoms, distance, normals

    def _shade(
        self,
        data: Any,
        geoms: np.ndarray[Any, np.dtype[np.int32]],
        normals: FloatArray,
        directions: FloatArray,
    ) -> ColorImage:
        """Ambient light, the camera's own light and the key light on a matt surface."""
        model = self._model
        headlight = model.vis.headlight
        view = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        light = headlight.ambient + np.abs((normals * view).sum(1))[:, None] * headlight.diffuse
        for index in range(model.nlight):
            facing = np.clip(-(normals @ data.light_xdir[index]), 0, 1)
            light = light + facing[:, None] * model.light_diffuse[index]
        color = self._colors[geoms] * light
        color[geoms < 0] = 0
        image: ColorImage = (255 * np.clip(color, 0, 1)).astype(np.uint8)
        return image

    def close(self) -> None:
        """See `Renderer`; nothing to release."""


def _ray_of_pixel(pixels: int, most: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Index of the ray that fills each pixel of a row or column."""
    rays = min(pixels, most)
    return ((np.arange(pixels) + 0.5) * rays / pixels).astype(np.intp)


def _surface_colors(model: Any) -> FloatArray:
    """RGB of each geom: its own, or its material's; patterns are left out. Shape (ngeom, 3)."""
    colors = np.array(model.geom_rgba[:, :3], dtype=float)
    has_material = model.geom_matid >= 0
    colors[has_material] = model.mat_rgba[model.geom_matid[has_material], :3]
    return colors
