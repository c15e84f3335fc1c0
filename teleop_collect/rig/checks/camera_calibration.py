"""Check: CameraInfo agrees with the camera's stored calibration."""

import numpy as np

from teleop_collect import topics
from teleop_collect.rig.calibration.devices import camera_device
from teleop_collect.rig.calibration.values import CameraIntrinsics as StoredIntrinsics
from teleop_collect.rig.checks.board_view import stored_intrinsics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.samples import FloatArray, Intrinsics

TOLERANCE = 0.004
"""Of the image's width, mean over the image. Calibrations of one camera agree within 0.5 % of the
focal length, which is half of this; 1.5 % and a shift of the principal point by this are more."""
GRID = 7
"""Rays along each side of the image."""


class CameraCalibration:
    """Where both see the same directions, distortion included; the colour image's."""

    name = "camera_calibration"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera that has a calibration file."""
        names = context.rig.cameras
        stored = {n: v for n in names if (v := stored_intrinsics(context, n)) is not None}
        if not stored:
            todo = "run `teleop-collect calibrate camera`"
            return unseen(self, "no stored intrinsics to compare with", todo)
        shifts: dict[str, tuple[float, float]] = {}
        for name, values in stored.items():
            info = context.observation(topics.color_info_topic(name)).sample
            if not isinstance(info, Intrinsics):
                return bad(self, f"camera {name}: no CameraInfo", "start the camera", "unknown")
            shifts[name] = (shift_px(info, values), TOLERANCE * values.width)
        worst, limit = max(shifts.values(), key=lambda shift: shift[0] / shift[1])
        measured = round(worst, 2) if np.isfinite(worst) else "another image size"
        off = [
            f"camera {name}: {px:.1f} px off version {_version(context, name)}"
            for name, (px, most) in shifts.items()
            if not px <= most
        ]
        if off:
            todo = "is it the same camera and lens? calibrate it again, or correct its driver"
            return bad(self, "; ".join(off), todo, measured, round(limit, 2), "px")
        return good(self, "as calibrated", measured, round(limit, 2), "px")


def shift_px(info: Intrinsics, stored: StoredIntrinsics) -> float:
    """Mean distance, px, of what both make of rays that cover the image; infinite for other sizes.

    Args:
        info: published intrinsics.
        stored: calibrated intrinsics.
    """
    if (info.width, info.height) != (stored.width, stored.height):
        return float("inf")
    columns, rows = np.meshgrid(
        np.linspace(0, stored.width - 1, GRID), np.linspace(0, stored.height - 1, GRID)
    )
    x, y = (columns - stored.cx) / stored.fx, (rows - stored.cy) / stored.fy
    return float(np.hypot(*(_pixels(info, x, y) - _pixels(stored, x, y))).mean())


def _pixels(camera: Intrinsics | StoredIntrinsics, x: FloatArray, y: FloatArray) -> FloatArray:
    """Columns and rows of rays by the model `plumb_bob` (Brown and Conrady)."""
    k1, k2, p1, p2, k3 = camera.distortion
    r2 = x**2 + y**2
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
    bent_y = y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y
    pixels: FloatArray = np.stack([camera.fx * bent_x + camera.cx, camera.fy * bent_y + camera.cy])
    return pixels


def _version(context: CheckContext, camera: str) -> int:
    assert context.calibrations is not None
    return context.calibrations.current["camera", camera_device(camera)].calibration.version
