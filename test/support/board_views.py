"""Images of a ChArUco board from known poses by a known camera."""

import zlib
from collections.abc import Iterator

import numpy as np

from teleop_collect.devices.sim.board_image import BoardPainter
from teleop_collect.rig.calibration.board_pose import CameraModel
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.rigid import from_vector
from teleop_collect.rig.calibration.values import Board, CameraIntrinsics

# Threads of OpenCV only wait for each other on a busy machine.
import_cv2().setNumThreads(1)

BOARD = Board(columns=7, rows=5, square_m=0.04, marker_m=0.03)
PAINTER = BoardPainter(BOARD)
TRUTH = CameraIntrinsics(
    width=480, height=360, fx=430.0, fy=433.0, cx=243.5, cy=176.0,
    distortion=(-0.12, 0.08, 0.0006, -0.0004, 0.0),
)  # fmt: skip


def looking_at_board(
    x_m: float, y_m: float, z_m: float, about_x: float = 0.0, about_y: float = 0.0, turn: float = 0
) -> np.ndarray:
    """`camera_from_board` with the board's middle at a point, tilted about the image's axes."""
    middle = np.eye(4)
    middle[:2, 3] = -BOARD.columns * BOARD.square_m / 2, -BOARD.rows * BOARD.square_m / 2
    tilt = from_vector(np.array([about_x, 0, 0, 0, 0, 0])) @ from_vector(
        np.array([0, about_y, 0, 0, 0, 0])
    )
    place = from_vector(np.array([0, 0, 0, x_m, y_m, z_m]))
    return place @ tilt @ from_vector(np.array([0, 0, turn, 0, 0, 0])) @ middle


def picture(camera_from_board: np.ndarray | None, truth: CameraIntrinsics = TRUTH) -> np.ndarray:
    """The board on a grey ground, or the ground alone; with a little sensor noise."""
    color = np.full((truth.height, truth.width, 3), 90, np.uint8)
    if camera_from_board is not None:
        PAINTER.paint(color, CameraModel.of(truth), camera_from_board)
        seed = zlib.crc32(camera_from_board.tobytes())
        noise = np.random.default_rng(seed).normal(0, 1.5, color.shape)
        color = np.clip(color + noise, 0, 255).astype(np.uint8)
    return color


def good_poses() -> Iterator[np.ndarray]:
    """Poses that cover the image, tilted about both axes, near and far."""
    for index, (x, y) in enumerate([(u, v) for v in (-0.1, 0.0, 0.1) for u in (-0.15, 0.0, 0.15)]):
        yield looking_at_board(
            x, y, 0.52 + 0.03 * (index % 3), 0.5 * (-1) ** index, 0.4 * (index % 3 - 1), 0.1 * index
        )
    for index, angle in enumerate((-0.7, 0.7, -0.6, 0.6)):
        about_x, about_y = (angle, 0.1) if index < 2 else (0.1, angle)
        yield looking_at_board(
            0.03 * index, 0.0, 0.38 + 0.1 * (index % 2), about_x, about_y, 0.3 * index
        )
