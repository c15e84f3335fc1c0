"""Which views of a board a camera calibration still needs, in words for the person who holds it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from teleop_collect.rig.calibration.charuco import BoardView
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.samples import FloatArray

MIN_VIEWS = 10
GRID = 3
"""The image is divided into 3 x 3 cells."""
MIN_CELL_SHARE = 8 / 9
"""One cell may stay empty: a corner that the robot hides."""
MIN_TILT_RAD = math.radians(15)
MIN_TILTED = 2
"""Views tilted about each of the two image axes. Focal length and distance cannot be told apart
in views that face the camera (Zhang, 2000)."""
MIN_SIZE_RATIO = 1.2
"""Largest over smallest board in the image."""
ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")


@dataclass(frozen=True)
class Coverage:
    """What the views together show.

    Attributes:
        views: their number.
        cells: corners in each cell of the image, shape (3, 3).
        tilted: views tilted about the image's x axis and y axis.
        size_ratio: largest over smallest board in the image.
    """

    views: int
    cells: FloatArray
    tilted: tuple[int, int]
    size_ratio: float

    def missing(self) -> tuple[str, ...]:
        """What the person should do next, the most important first; empty when all is there."""
        todo = []
        if self.views < MIN_VIEWS:
            todo.append(f"{MIN_VIEWS - self.views} more views of the board")
        empty = [
            f"{ROWS[row]} {COLUMNS[column]}"
            for row, column in np.argwhere(self.cells == 0).tolist()
        ]
        if len(empty) > round(GRID * GRID * (1 - MIN_CELL_SHARE)):
            todo.append(f"show the board in the {', '.join(empty)} of the image")
        for count, axis in zip(self.tilted, ("up and down", "left and right"), strict=True):
            if count < MIN_TILTED:
                todo.append(
                    f"tilt the board {axis} by {math.degrees(MIN_TILT_RAD):.0f} degrees or more "
                    f"in {MIN_TILTED - count} more views"
                )
        if self.size_ratio < MIN_SIZE_RATIO:
            todo.append("show the board nearer to the camera and farther away")
        return tuple(todo)

    @property
    def share(self) -> float:
        """How much of what is needed is there, 0 to 1."""
        cells = min(1.0, float((self.cells > 0).mean()) / MIN_CELL_SHARE)
        tilts = sum(min(1.0, count / MIN_TILTED) for count in self.tilted) / 2
        size = min(1.0, max(0.0, self.size_ratio - 1) / (MIN_SIZE_RATIO - 1))
        return min(1.0, self.views / MIN_VIEWS) * (cells + tilts + size) / 3


def coverage(views: Sequence[BoardView], width: int, height: int) -> Coverage:
    """What a set of views covers.

    Args:
        views: of one camera.
        width: of its image, px.
        height: of its image, px.
    """
    cells = np.zeros((GRID, GRID))
    tilted = [0, 0]
    sizes = []
    for view in views:
        columns = np.clip(view.corners_px[:, 0] * GRID / width, 0, GRID - 1).astype(int)
        rows = np.clip(view.corners_px[:, 1] * GRID / height, 0, GRID - 1).astype(int)
        np.add.at(cells, (rows, columns), 1)
        about_x, about_y, size = _attitude(view, width, height)
        tilted[0] += abs(about_x) >= MIN_TILT_RAD
        tilted[1] += abs(about_y) >= MIN_TILT_RAD
        sizes.append(size)
    ratio = max(sizes) / min(sizes) if sizes else 0.0
    return Coverage(len(views), cells, (tilted[0], tilted[1]), ratio)


def _attitude(view: BoardView, width: int, height: int) -> tuple[float, float, float]:
    """Tilt about image x and y, rad, and px for each m on the board; by a guessed camera.

    A board that lies parallel to the image is not tilted, wherever it is.
    """
    cv2 = import_cv2()
    focal = float(max(width, height))
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    _, rotation, translation = cv2.solvePnP(
        view.points_m, view.corners_px, matrix, None, flags=cv2.SOLVEPNP_IPPE
    )
    normal = cv2.Rodrigues(rotation)[0][:, 2]
    facing = normal * np.sign(normal[2])
    about_x, about_y = (math.atan2(facing[axis], facing[2]) for axis in (1, 0))
    return about_x, about_y, focal / float(translation.ravel()[2])
