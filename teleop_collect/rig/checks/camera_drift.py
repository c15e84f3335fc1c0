"""The smallest movement of a camera that explains where a board's corners have gone.

From one small board, turning and shifting look nearly alike, so that the difference of two poses is
mostly noise. Of all movements that fit, the likeliest is taken: a least-squares fit with a prior
that a camera is knocked by centimetres and degrees rather than by more (ridge regression).
"""

import numpy as np

from teleop_collect.rig.calibration.board_pose import CameraModel, ExtrinsicsDrift
from teleop_collect.rig.calibration.rigid import from_vector
from teleop_collect.samples import FloatArray

CORNER_PX = 1.0
"""Standard deviation of a corner's position."""
PRIOR = np.array([0.005] * 3 + [0.005] * 3)
"""Standard deviations of a knock: rad, then m."""
STEP = 1e-5
ROUNDS = 3


def drift_of(
    points_m: FloatArray, seen_px: FloatArray, expected: FloatArray, camera: CameraModel
) -> ExtrinsicsDrift:
    """How far a camera has moved.

    Args:
        points_m: corners on the board, shape (n, 3).
        seen_px: where they are now, shape (n, 2).
        expected: 4x4 `camera_from_board` as it was.
        camera: intrinsics.
    """
    error_px = float(np.sqrt(((camera.project(points_m, expected) - seen_px) ** 2).sum(1).mean()))
    knock = np.zeros(6)
    for _ in range(ROUNDS):
        base = camera.project(points_m, from_vector(knock) @ expected)
        columns = [
            (camera.project(points_m, from_vector(knock + STEP * axis) @ expected) - base).ravel()
            for axis in np.eye(6)
        ]
        slope = np.stack(columns, axis=1) / STEP / CORNER_PX
        residual = (seen_px - base).ravel() / CORNER_PX
        weights = np.diag(1 / PRIOR**2)
        knock = knock + np.linalg.solve(
            slope.T @ slope + weights, slope.T @ residual - weights @ knock
        )
    moved_m, turned_rad = float(np.linalg.norm(knock[3:])), float(np.linalg.norm(knock[:3]))
    return ExtrinsicsDrift(error_px, moved_m, turned_rad)
