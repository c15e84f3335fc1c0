"""Where a board is in an image."""

from dataclasses import dataclass

import numpy as np

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.charuco import BoardView
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.rigid import from_vector
from teleop_collect.rig.calibration.values import CameraIntrinsics
from teleop_collect.samples import FloatArray


@dataclass(frozen=True)
class CameraModel:
    """Intrinsics in OpenCV's form.

    Attributes:
        matrix: shape (3, 3).
        distortion: k1, k2, p1, p2, k3.
    """

    matrix: FloatArray
    distortion: FloatArray

    @classmethod
    def of(cls, values: CameraIntrinsics) -> "CameraModel":
        """From calibrated values."""
        matrix = np.array([[values.fx, 0, values.cx], [0, values.fy, values.cy], [0, 0, 1.0]])
        return cls(matrix, np.array(values.distortion, dtype=float))

    def project(self, points_m: FloatArray, camera_from_board: FloatArray) -> FloatArray:
        """Pixels, shape (n, 2), of points of a board."""
        cv2 = import_cv2()
        rotation = cv2.Rodrigues(camera_from_board[:3, :3])[0]
        translation = camera_from_board[:3, 3]
        pixels = cv2.projectPoints(points_m, rotation, translation, self.matrix, self.distortion)
        return np.asarray(pixels[0], dtype=float).reshape(-1, 2)


@dataclass(frozen=True)
class BoardPose:
    """Pose of a board in a camera.

    Attributes:
        camera_from_board: 4x4.
        error_px: root mean square distance of the corners from where that pose puts them.
    """

    camera_from_board: FloatArray
    error_px: float


def board_pose(view: BoardView, camera: CameraModel) -> BoardPose:
    """Pose of a board from one view.

    A plane seen from afar has two poses that explain it nearly alike; of both solutions the one
    with the smaller reprojection error is refined (IPPE, Collins and Bartoli, 2014).

    Raises:
        CheckFailed: the corners do not fix a pose.
    """
    cv2 = import_cv2()
    count, rotations, translations, _ = cv2.solvePnPGeneric(
        view.points_m, view.corners_px, camera.matrix, camera.distortion, flags=cv2.SOLVEPNP_IPPE
    )
    found: list[BoardPose] = []
    for rotation, translation in zip(rotations[:count], translations[:count], strict=True):
        refined = cv2.solvePnPRefineLM(
            view.points_m, view.corners_px, camera.matrix, camera.distortion, rotation, translation
        )
        pose = from_vector(np.concatenate([refined[0].ravel(), refined[1].ravel()]))
        if pose[2, 3] > 0 and np.isfinite(pose).all():
            found.append(BoardPose(pose, reprojection_px(view, camera, pose)))
    if not found:
        raise CheckFailed("the corners of the board do not fix its pose; show more of it")
    return min(found, key=lambda pose: pose.error_px)


def reprojection_px(view: BoardView, camera: CameraModel, camera_from_board: FloatArray) -> float:
    """Root mean square distance, px, of seen corners from where a pose puts them."""
    difference = camera.project(view.points_m, camera_from_board) - view.corners_px
    return float(np.sqrt((difference**2).sum(axis=1).mean()))


@dataclass(frozen=True)
class ExtrinsicsDrift:
    """How far a camera seems to have moved since it was calibrated or known to be good.

    Attributes:
        error_px: root mean square distance of the corners from where the calibration puts them.
        moved_m: distance between the camera now and then.
        turned_rad: angle between the camera now and then.
    """

    error_px: float
    moved_m: float
    turned_rad: float
