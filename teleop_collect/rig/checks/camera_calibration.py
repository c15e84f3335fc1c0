"""Check: CameraInfo agrees with the camera's stored calibration."""

from teleop_collect import topics
from teleop_collect.rig.calibration.devices import camera_device
from teleop_collect.rig.calibration.values import CameraIntrinsics as StoredIntrinsics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.samples import Intrinsics

TOLERANCE = 0.01
"""Relative to the focal length. Calibrations of one camera agree within 0.5 %."""


class CameraCalibration:
    """Focal lengths and principal point against the calibration file; the colour image's."""

    name = "camera_calibration"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera that has a calibration file."""
        stored = {}
        for name in context.rig.cameras:
            found = context.calibrations and context.calibrations.get("camera", camera_device(name))
            if found and isinstance(found.values, StoredIntrinsics):
                stored[name] = found.values
        if not stored:
            todo = "run `teleop-collect calibrate camera`"
            return unseen(self, "no stored intrinsics to compare with", todo)
        worst, off = 0.0, []
        for name, values in stored.items():
            info = context.observation(topics.color_info_topic(name)).sample
            if not isinstance(info, Intrinsics):
                todo = "start the camera"
                return bad(self, f"camera {name}: no CameraInfo", todo, "unknown", TOLERANCE)
            error = _error(info, values)
            worst = max(worst, error)
            if error > TOLERANCE:
                off.append(f"camera {name}: {error:.1%} off version {_version(context, name)}")
        if off:
            todo = "is it the same camera and lens? calibrate it again, or correct its driver"
            return bad(self, "; ".join(off), todo, round(worst, 4), TOLERANCE, "of focal length")
        return good(self, "as calibrated", round(worst, 4), TOLERANCE, "of focal length")


def _error(info: Intrinsics, stored: StoredIntrinsics) -> float:
    if (info.width, info.height) != (stored.width, stored.height):
        return 1.0
    pairs = [(info.fx, stored.fx), (info.fy, stored.fy), (info.cx, stored.cx), (info.cy, stored.cy)]
    return max(abs(seen - kept) for seen, kept in pairs) / stored.fx


def _version(context: CheckContext, camera: str) -> int:
    assert context.calibrations is not None
    return context.calibrations.current["camera", camera_device(camera)].calibration.version
