"""Check: images are neither dark nor washed out, and as bright as when the rig was good."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.view import view_of

MAX_CLIPPED = 0.5
"""Share of black and white pixels."""
DARKEST, BRIGHTEST = 20.0, 240.0
"""Mean grey values beyond which little can be seen."""
MAX_CHANGE = 0.35
"""Relative change of brightness against the baseline: about half a stop."""


class CameraExposure:
    """Mean grey value, and how much of the image is clipped."""

    name = "camera_exposure"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera; the baseline counts where there is one for the same serial number."""
        found: list[str] = []
        worst = 0.0
        for camera in context.rig.cameras:
            view = view_of(context, camera)
            if view.brightness is None or view.clipped is None:
                return bad(self, f"camera {camera}: no image", "start the camera", "unknown")
            worst = max(worst, view.clipped)
            if not DARKEST <= view.brightness <= BRIGHTEST:
                found.append(f"camera {camera}: mean brightness {view.brightness:.0f} of 255")
            elif view.clipped > MAX_CLIPPED:
                found.append(f"camera {camera}: {view.clipped:.0%} of the image is black or white")
            elif (before := context.camera_baseline(camera)) is not None:
                change = view.brightness / max(before.brightness, 1.0) - 1
                if abs(change) > MAX_CHANGE:
                    found.append(f"camera {camera}: {change:+.0%} brighter than the baseline")
        if found:
            todo = "check light, lens cap and exposure; save a new baseline if this is meant"
            return bad(self, "; ".join(found), todo, round(worst, 3), MAX_CLIPPED, "clipped share")
        return good(self, "exposure is good", round(worst, 3), MAX_CLIPPED, "clipped share")
