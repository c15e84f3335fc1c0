"""Finds a ChArUco board in images. Marker and corner detection is OpenCV's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.errors import ConfigError
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.values import Board
from teleop_collect.samples import FloatArray

Image = NDArray[np.uint8]
MIN_CORNERS = 6
"""Fewer corners do not fix a board's pose against noise."""


@dataclass(frozen=True)
class BoardView:
    """A board as seen in one image.

    Attributes:
        ids: of the inner corners that were found, shape (n,).
        corners_px: where they are, shape (n, 2); the centre of the first pixel is (0, 0).
        points_m: where they are on the board, shape (n, 3), z = 0.
    """

    ids: NDArray[np.int32]
    corners_px: FloatArray
    points_m: FloatArray

    def shift_px(self, other: "BoardView") -> float:
        """Median movement of the corners that both views have; infinite without any."""
        common, mine, theirs = np.intersect1d(self.ids, other.ids, return_indices=True)
        if not len(common):
            return float("inf")
        moved = self.corners_px[mine] - other.corners_px[theirs]
        return float(np.median(np.linalg.norm(moved, axis=1)))


class BoardDetector:
    """Finds one kind of board.

    Args:
        board: its description.

    Raises:
        ConfigError: OpenCV has no such board.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self._cv2 = import_cv2()
        self._charuco = charuco_board(board)
        self._points: FloatArray = np.array(self._charuco.getChessboardCorners(), dtype=float)
        parameters = self._cv2.aruco.CharucoParameters()
        parameters.minMarkers = 1
        markers = self._cv2.aruco.DetectorParameters()
        markers.cornerRefinementMethod = self._cv2.aruco.CORNER_REFINE_SUBPIX
        self._detector = self._cv2.aruco.CharucoDetector(self._charuco, parameters, markers)

    def detect(self, image: Image) -> BoardView | None:
        """Find the board.

        Args:
            image: uint8, shape (height, width, 3), RGB, or (height, width), grey.

        Returns:
            The view; None when fewer than `MIN_CORNERS` inner corners, or only corners on one
            line, are seen.
        """
        cv2 = self._cv2
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        corners, ids, _, _ = self._detector.detectBoard(np.ascontiguousarray(grey))
        if ids is None or len(ids) < MIN_CORNERS:
            return None
        flat = np.asarray(ids).ravel().astype(np.int32)
        points = self._points[flat]
        if np.linalg.matrix_rank(points[:, :2] - points[:, :2].mean(axis=0)) < 2:
            return None
        return BoardView(flat, np.asarray(corners, dtype=float).reshape(-1, 2), points)


def charuco_board(board: Board) -> Any:
    """OpenCV's board.

    Raises:
        ConfigError: no such dictionary, too few markers in it, or markers as large as squares.
    """
    cv2 = import_cv2()
    dictionary_id = getattr(cv2.aruco, board.dictionary, None)
    if dictionary_id is None:
        raise ConfigError(f"board: OpenCV has no marker dictionary {board.dictionary}")
    if board.marker_m >= board.square_m:
        raise ConfigError(
            f"board: marker_m is {board.marker_m:g}; it must be smaller than square_m "
            f"({board.square_m:g})"
        )
    dictionary = cv2.aruco.getPredefinedDictionary(dictionary_id)
    needed, there = board.columns * board.rows // 2, len(dictionary.bytesList)
    if needed > there:
        raise ConfigError(
            f"board: {board.columns} x {board.rows} squares need {needed} markers; "
            f"{board.dictionary} has {there}"
        )
    size = (board.columns, board.rows)
    return cv2.aruco.CharucoBoard(size, board.square_m, board.marker_m, dictionary)


def board_image(board: Board, px_per_square: int) -> Image:
    """The board as it is printed, shape (rows, columns) times `px_per_square`, without a margin."""
    size = (board.columns * px_per_square, board.rows * px_per_square)
    image: Image = charuco_board(board).generateImage(size, marginSize=0, borderBits=1)
    return image
