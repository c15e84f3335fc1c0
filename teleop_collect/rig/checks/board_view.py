"""The calibration board, where a camera sees it now."""

from dataclasses import dataclass

import numpy as np

from teleop_collect import topics
from teleop_collect.errors import CheckFailed, ConfigError, MissingExtraError
from teleop_collect.rig.calibration.board_pose import CameraModel, board_pose
from teleop_collect.rig.calibration.charuco import BoardDetector, BoardView
from teleop_collect.rig.calibration.devices import camera_device
from teleop_collect.rig.calibration.values import Board, CameraIntrinsics, HandEye
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.picture import Picture
from teleop_collect.rig.checks.view import color_pictures, pairs
from teleop_collect.samples import FloatArray, Intrinsics

MM_PER_M = 1000.0


@dataclass(frozen=True, eq=False)
class SeenBoard:
    """A board in the newest image that shows one.

    Attributes:
        picture: that image.
        view: its corners.
        camera: intrinsics, stored or published.
    """

    picture: Picture
    view: BoardView
    camera: CameraModel


def seen_board(context: CheckContext, camera: str) -> SeenBoard | None:
    """Look for the board in a camera's pictures, the newest first; None without one.

    Raises:
        MissingExtraError: OpenCV is not installed.
        ConfigError: OpenCV has no such board.
    """
    model = camera_model(context, camera)
    if model is None:
        return None
    for board in boards_of(context, camera):
        detector = BoardDetector(board)
        for picture in reversed(color_pictures(context, camera)):
            if (view := detector.detect(np.ascontiguousarray(picture.pixels))) is not None:
                return SeenBoard(picture, view, model)
    return None


def boards_of(context: CheckContext, camera: str) -> tuple[Board, ...]:
    """The board by which a camera was calibrated, else those of the rig file."""
    stored = stored_hand_eye(context, camera)
    if stored is not None:
        return (stored.board,)
    return tuple(context.rig.calibration.boards.values())


def stored_hand_eye(context: CheckContext, camera: str) -> HandEye | None:
    """The current hand-eye calibration of a camera."""
    if context.calibrations is None:
        return None
    found = context.calibrations.get("hand_eye", camera_device(camera))
    return found.values if found and isinstance(found.values, HandEye) else None


def stored_intrinsics(context: CheckContext, camera: str) -> CameraIntrinsics | None:
    """The current calibration of a camera's lens."""
    if context.calibrations is None:
        return None
    found = context.calibrations.get("camera", camera_device(camera))
    return found.values if found and isinstance(found.values, CameraIntrinsics) else None


def camera_model(context: CheckContext, camera: str) -> CameraModel | None:
    """The camera as calibrated, else as it publishes itself; None without CameraInfo.

    Hand-eye poses were measured with the calibrated lens. Against published intrinsics that are
    wrong, a camera that stands still would seem to have moved.
    """
    info = context.observation(topics.color_info_topic(camera)).sample
    if not isinstance(info, Intrinsics) or min(info.fx, info.fy) <= 0:
        return None
    stored = stored_intrinsics(context, camera)
    if stored is not None and (stored.width, stored.height) == (info.width, info.height):
        return CameraModel.of(stored)
    return CameraModel.of(
        CameraIntrinsics(
            width=info.width, height=info.height, fx=info.fx, fy=info.fy, cx=info.cx, cy=info.cy,
            distortion=info.distortion,
        )
    )  # fmt: skip


def board_scale(context: CheckContext, camera: str) -> float | None:
    """Measured depth over the depth that the board's corners must have; None without a board."""
    try:
        seen = seen_board(context, camera)
    except (MissingExtraError, ConfigError):
        return None
    depth = next((d for c, d in pairs(context, camera) if seen and c is seen.picture), None)
    if seen is None or depth is None:
        return None
    try:
        pose = board_pose(seen.view, seen.camera).camera_from_board
    except CheckFailed:
        return None
    true_m = (seen.view.points_m @ pose[:3, :3].T + pose[:3, 3])[:, 2]
    measured_m = _at(depth, seen.view.corners_px)
    valid = measured_m > 0
    return float(np.median(measured_m[valid] / true_m[valid])) if valid.any() else None


def _at(depth: Picture, corners_px: FloatArray) -> FloatArray:
    """Depth, m, of the pixels nearest to corners; 0 outside the image."""
    columns, rows = np.rint(corners_px).astype(int).T
    width, height = depth.size
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    found = np.zeros(len(columns))
    found[inside] = depth.pixels[rows[inside], columns[inside]] / MM_PER_M
    return found
