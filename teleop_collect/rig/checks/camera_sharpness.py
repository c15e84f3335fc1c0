"""Check: images are as sharp as when the rig was good."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.checks.view import view_of

MIN_SHARE = 0.5
"""Of the baseline's variance of the Laplacian. A Gaussian blur of 1 px leaves less than a third."""


class CameraSharpness:
    """Variance of the Laplacian against the baseline's, because it depends on the scene."""

    name = "camera_sharpness"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera that has a baseline for the same serial number."""
        shares: dict[str, float] = {}
        for camera in context.rig.cameras:
            before, now = context.camera_baseline(camera), view_of(context, camera).sharpness
            if before is not None and now is not None and before.sharpness > 0:
                shares[camera] = now / before.sharpness
        if not shares:
            todo = "save a baseline with `teleop-collect check --save-baseline`"
            return unseen(self, "no baseline image to compare with", todo)
        least = round(min(shares.values()), 3)
        blurred = [f"camera {n}: {s:.0%} as sharp" for n, s in shares.items() if s < MIN_SHARE]
        if blurred:
            todo = "clean and focus the lens; save a new baseline if the scene has changed"
            message = f"{'; '.join(blurred)} as the baseline image"
            return bad(self, message, todo, least, MIN_SHARE, "of the baseline")
        return good(self, "as sharp as the baseline", least, MIN_SHARE, "of the baseline")
