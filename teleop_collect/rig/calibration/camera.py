"""Intrinsics of a camera from views of a ChArUco board (Zhang, 2000, as OpenCV does it)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.charuco import BoardView
from teleop_collect.rig.calibration.coverage import Coverage, coverage
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.values import CameraIntrinsics
from teleop_collect.samples import FloatArray

MAX_RMS_PX = 1.0
MAX_FOCAL_ERROR = 0.005
"""Relative standard error of the focal length at which views do not fix it."""
TANGENTIAL_ERRORS = 4.0
"""Standard errors that p1 or p2 must exceed to count."""
OUTLIER_RATIO = 3.0
"""A view whose error is this many times the median's is left out once (blurred or moving)."""


@dataclass(frozen=True)
class IntrinsicsFit:
    """Intrinsics, and how well they explain the views.

    Attributes:
        values: the intrinsics.
        rms_px: root mean square reprojection error over all corners.
        view_rms_px: the same for each view that was used.
        residuals_px: where each corner lies from where the fit puts it, shape (n, 2).
        corners_px: the corners in the image, shape (n, 2).
        errors: standard errors of fx, fy, cx, cy, px.
        coverage: of the views that were used.
        left_out: views that were outliers.
    """

    values: CameraIntrinsics
    rms_px: float
    view_rms_px: tuple[float, ...]
    residuals_px: FloatArray
    corners_px: FloatArray
    errors: tuple[float, float, float, float]
    coverage: Coverage
    left_out: int


def calibrate_camera(views: Sequence[BoardView], width: int, height: int) -> IntrinsicsFit:
    """Find intrinsics.

    Args:
        views: of one camera with one zoom and focus.
        width: of its image, px.
        height: of its image, px.

    Raises:
        CheckFailed: the views do not suffice; says which ones are missing.
    """
    covered = coverage(views, width, height)
    if missing := covered.missing():
        raise CheckFailed(
            f"{len(views)} views of the board do not suffice; missing: {'; '.join(missing)}"
        )
    kept = list(views)
    fit = _fit(kept, width, height)
    limit = OUTLIER_RATIO * float(np.median(fit.view_rms_px))
    good = [v for v, rms in zip(kept, fit.view_rms_px, strict=True) if rms <= limit]
    if len(good) < len(kept) and not coverage(good, width, height).missing():
        fit = _fit(good, width, height, len(kept) - len(good))
    _refuse_bad(fit)
    return fit


def _fit(views: list[BoardView], width: int, height: int, left_out: int = 0) -> IntrinsicsFit:
    cv2 = import_cv2()
    points = [view.points_m.astype(np.float32) for view in views]
    pixels = [view.corners_px.astype(np.float32) for view in views]
    # A few views do not fix the sixth power of a lens's distortion; k3 stays 0.
    flags = cv2.CALIB_FIX_K3
    found = cv2.calibrateCameraExtended(points, pixels, (width, height), None, None, flags=flags)
    tangential, errors = found[2].ravel()[2:4], found[5].ravel()[6:8]
    if (np.abs(tangential) < TANGENTIAL_ERRORS * errors).all():
        # A lens's tilt that does not show would only trade against the principal point.
        flags |= cv2.CALIB_ZERO_TANGENT_DIST
        size = (width, height)
        found = cv2.calibrateCameraExtended(points, pixels, size, None, None, flags=flags)
    rms, matrix, distortion, turns, shifts, spread, _, per_view = found
    seen = [
        cv2.projectPoints(p, r, t, matrix, distortion)[0].reshape(-1, 2) - view.corners_px
        for p, r, t, view in zip(points, turns, shifts, views, strict=True)
    ]
    k1, k2, p1, p2, k3 = (float(value) for value in distortion.ravel()[:5])
    fx, fy, cx, cy = (float(value) for value in spread.ravel()[:4])
    return IntrinsicsFit(
        CameraIntrinsics(
            width=width, height=height, fx=matrix[0, 0], fy=matrix[1, 1], cx=matrix[0, 2],
            cy=matrix[1, 2], distortion=(k1, k2, p1, p2, k3),
        ),
        float(rms),
        tuple(float(value) for value in per_view.ravel()),
        np.concatenate(seen),
        np.concatenate([view.corners_px for view in views]),
        (fx, fy, cx, cy),
        coverage(views, width, height),
        left_out,
    )  # fmt: skip


def _refuse_bad(fit: IntrinsicsFit) -> None:
    if not np.isfinite(fit.rms_px) or fit.rms_px > MAX_RMS_PX:
        raise CheckFailed(
            f"the reprojection error is {fit.rms_px:.2f} px (limit {MAX_RMS_PX:g} px): hold the "
            "board still and flat, and check the size of its squares in the rig file"
        )
    focal = max(fit.errors[0] / fit.values.fx, fit.errors[1] / fit.values.fy)
    if focal > MAX_FOCAL_ERROR:
        raise CheckFailed(
            f"the focal length is known to {100 * focal:.2f} % only (limit "
            f"{100 * MAX_FOCAL_ERROR:g} %): add views in which the board is tilted by 30 degrees "
            "or more, and nearer to the camera"
        )
