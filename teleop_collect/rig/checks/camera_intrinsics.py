"""Check: each camera's CameraInfo fits the rig file."""

import math

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.observation import Sample
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.config import Camera, SimCamera
from teleop_collect.samples import Intrinsics

FOVY_TOLERANCE = 0.01
"""Relative; simulated cameras have the rig file's field of view exactly."""


class CameraIntrinsics:
    """Size, focal lengths and principal point of colour and depth."""

    name = "camera_intrinsics"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Check the last CameraInfo of every stream of every camera."""
        found = []
        for name, camera in context.rig.cameras.items():
            infos = [topics.color_info_topic(name)]
            infos += [topics.depth_info_topic(name)] if camera.depth else []
            for topic in infos:
                sample = context.observation(topic).sample
                if (problem := _problem(sample, camera)) is not None:
                    found.append(f"{topic}: {problem}")
        if found:
            todo = "correct the camera's driver settings or the rig file, or calibrate the camera"
            return bad(self, "; ".join(found), todo, len(found), 0, "problems")
        return good(self, f"{len(context.rig.cameras)} cameras fit the rig file", 0, 0, "problems")


def _problem(info: Sample | None, camera: Camera) -> str | None:
    if not isinstance(info, Intrinsics):
        return "no CameraInfo received"
    if (info.width, info.height) != (camera.width, camera.height):
        return (
            f"image is {info.width}x{info.height}, the rig file says {camera.width}x{camera.height}"
        )
    if not all(math.isfinite(f) and f > 0 for f in (info.fx, info.fy)):
        return f"focal lengths {info.fx:g}, {info.fy:g} px: the camera is not calibrated"
    if not (0 <= info.cx <= info.width and 0 <= info.cy <= info.height):
        return f"principal point {info.cx:g}, {info.cy:g} px lies outside the image"
    return _fovy_problem(info, camera) if isinstance(camera, SimCamera) else None


def _fovy_problem(info: Intrinsics, camera: SimCamera) -> str | None:
    # Pinhole: tan(fovy / 2) = (height / 2) / fy
    fovy_rad = 2 * math.atan(info.height / (2 * info.fy))
    if math.isclose(fovy_rad, camera.fovy_rad, rel_tol=FOVY_TOLERANCE):
        return None
    return f"field of view {fovy_rad:.3f} rad, the rig file says {camera.fovy_rad:g} rad"
