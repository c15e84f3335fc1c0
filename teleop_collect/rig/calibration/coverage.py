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


@dataclass(frozen=True)
class ViewFacts:
    """What one view adds to the coverage.

    Attributes:
        cells: corners in each cell of the image, shape (3, 3).
        tilt_rad: of the board about image x and y.
        scale: px for each m on the board.
    """

    cells: FloatArray
    tilt_rad: tuple[float, float]
    scale: float


def view_facts(view: BoardView, width: int, height: int) -> ViewFacts:
    """What a view adds.

    Args:
        view: of the board.
        width: of the image, px.
        height: of the image, px.
    """
    cells = np.zeros((GRID, GRID))
    columns = np.clip(view.corners_px[:, 0] * GRID / width, 0, GRID - 1).astype(int)
    rows = np.clip(view.corners_px[:, 1] * GRID / height, 0, GRID - 1).astype(int)
    np.add.at(cells, (rows, columns), 1)
    about_x, about_y, scale = _attitude(view, width, height)
    return ViewFacts(cells, (about_x, about_y), scale)


def combined(facts: Sequence[ViewFacts]) -> Coverage:
    """What several views cover together."""
    cells = sum((each.cells for each in facts), np.zeros((GRID, GRID)))
    about_x, about_y = (
        sum(abs(each.tilt_rad[axis]) >= MIN_TILT_RAD for each in facts) for axis in (0, 1)
    )
    scales = [each.scale for each in facts]
    ratio = max(scales) / min(scales) if scales else 0.0
    return Coverage(len(facts), cells, (about_x, about_y), ratio)


def coverage(views: Sequence[BoardView], width: int, height: int) -> Coverage:
    """What a set of views of one camera covers; see `view_facts`."""
    return combined([view_facts(view, width, height) for view in views])


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
