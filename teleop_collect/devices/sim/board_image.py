"""Draws a ChArUco board into an image by casting rays at its plane: exact, without OpenGL.

Each pixel is the mean over a grid of rays inside it, as a sensor integrates light over its area.
"""

import numpy as np
from numpy.typing import NDArray

from teleop_collect.devices.sim.renderer import ColorImage
from teleop_collect.rig.calibration.board_pose import CameraModel
from teleop_collect.rig.calibration.charuco import board_image
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.values import Board
from teleop_collect.samples import FloatArray

TEXTURE_PX_PER_SQUARE = 64
RAYS = 3
"""A pixel is the mean of 3 x 3 rays."""
MARGIN_SQUARES = 0.5
"""White paper around the squares."""
EDGE_POINTS = 8
"""Points of each edge by which the board's outline in the image is found."""
NEAR_M, HIDING_M = 0.02, 0.005


def board_texture(board: Board) -> tuple[ColorImage, FloatArray]:
    """The board with its white margin, grey, and its size (width, height), m."""
    margin = round(MARGIN_SQUARES * TEXTURE_PX_PER_SQUARE)
    image = np.pad(board_image(board, TEXTURE_PX_PER_SQUARE), margin, constant_values=255)
    pitch_m = board.square_m / TEXTURE_PX_PER_SQUARE
    return image, np.array([image.shape[1], image.shape[0]]) * pitch_m


class BoardPainter:
    """Paints one board.

    Args:
        board: its description.
        brightness: of its white paper, 0 to 1.
    """

    def __init__(self, board: Board, brightness: float = 0.9) -> None:
        texture, self.size_m = board_texture(board)
        self._texture = (texture.astype(np.float32) * brightness).astype(np.float32)
        self._margin_m = MARGIN_SQUARES * board.square_m
        self._cv2 = import_cv2()
        self._sensors: dict[str, FloatArray] = {}

    def paint(
        self,
        color: ColorImage,
        camera: CameraModel,
        camera_from_board: FloatArray,
        depth_m: FloatArray | None = None,
    ) -> None:
        """Paint the board into an image.

        Args:
            color: uint8 RGB, shape (height, width, 3); changed in place.
            camera: its intrinsics.
            camera_from_board: 4x4 pose of the board; its origin is the corner of the first square,
                x along columns, y along rows, and it is seen from the side of negative z.
            depth_m: what hides the board where it is nearer, shape (height, width).
        """
        window = self._window(color.shape[:2], camera, camera_from_board)
        if window is None:
            return
        x, y = self._rays(color.shape[:2], camera)[(slice(None), *window)]
        normal, origin = camera_from_board[:3, 2], camera_from_board[:3, 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (normal @ origin) / (normal[0] * x + normal[1] * y + normal[2])
            # A hit is depth * (x, y, 1); its place on the board follows along the board's axes.
            along = [depth * (a[0] * x + a[1] * y + a[2]) for a in camera_from_board[:3, :2].T]
        u, v = (
            value - axis @ origin + self._margin_m
            for value, axis in zip(along, camera_from_board[:3, :2].T, strict=True)
        )
        width, height = self.size_m
        inside = (depth > 0) & (u >= 0) & (u < width) & (v >= 0) & (v < height)
        if depth_m is not None:
            inside &= depth < depth_m[window][..., None] + HIDING_M
        self._blend(color[window], u / width, v / height, inside)

    def _blend(
        self, window: ColorImage, u: FloatArray, v: FloatArray, inside: NDArray[np.bool_]
    ) -> None:
        """Mix the board's light into pixels; `u` and `v` are shares of its width and height."""
        height, width = self._texture.shape
        x, y = (
            np.nan_to_num(share * size - 0.5).astype(np.float32).reshape(len(share), -1)
            for share, size in ((u, width), (v, height))
        )
        sampled = self._cv2.remap(
            self._texture, x, y, self._cv2.INTER_LINEAR, borderMode=self._cv2.BORDER_REPLICATE
        ).reshape(inside.shape)
        share = inside.mean(axis=-1, keepdims=True)
        light = np.where(inside, sampled, 0).mean(axis=-1, keepdims=True)
        window[:] = np.clip(np.rint(window * (1 - share) + light), 0, 255).astype(np.uint8)

    def _window(
        self, shape: tuple[int, ...], camera: CameraModel, camera_from_board: FloatArray
    ) -> tuple[slice, slice] | None:
        """Rows and columns of the pixels around the board; None when it is out of view."""
        (w, h), m = self.size_m, self._margin_m
        edge = np.array([[-m, -m, 0], [w - m, -m, 0], [w - m, h - m, 0], [-m, h - m, 0]])
        after = np.roll(edge, -1, axis=0)
        outline = np.concatenate(
            [np.linspace(a, b, EDGE_POINTS) for a, b in zip(edge, after, strict=True)]
        )
        z = (outline @ camera_from_board[:3, :3].T + camera_from_board[:3, 3])[:, 2]
        if z.max() <= NEAR_M:
            return None
        low, high = np.zeros(2), np.array([shape[1] - 1.0, shape[0] - 1.0])
        if z.min() > NEAR_M:
            pixels = camera.project(outline, camera_from_board)
            low = np.maximum(np.floor(pixels.min(axis=0)) - 2, low)
            high = np.minimum(np.ceil(pixels.max(axis=0)) + 2, high)
        if (low > high).any():
            return None
        columns, rows = (slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
        return rows, columns

    def _rays(self, shape: tuple[int, ...], camera: CameraModel) -> FloatArray:
        """Both coordinates at z = 1 of every ray: shape (2, height, width, RAYS * RAYS); kept."""
        key = repr((shape[:2], camera.matrix.tolist(), camera.distortion.tolist()))
        if key not in self._sensors:
            inside = (np.arange(RAYS) + 0.5) / RAYS - 0.5
            grid = np.meshgrid(*map(np.arange, shape[:2]), inside, inside, indexing="ij")
            y, x, dy, dx = (axis.ravel() for axis in grid)
            pixels = np.stack([x + dx, y + dy], axis=-1)[:, None]
            flat = self._cv2.undistortPoints(pixels, camera.matrix, camera.distortion)
            self._sensors = {key: flat.reshape(*shape[:2], RAYS * RAYS, 2).transpose(3, 0, 1, 2)}
        return self._sensors[key]
