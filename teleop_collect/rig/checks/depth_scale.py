"""Check: depth is in millimetres as it should be."""

from teleop_collect.rig.checks.board_view import board_scale
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.view import view_of

BOARD_TOLERANCE = 0.05
"""Depth over the distance at which the board's corners must be; sensors are good to 2 % at 2 m."""
BASELINE_RATIO = 1.5
"""Median depth against the baseline's; objects and arm move it by far less, wrong units by 10."""


class DepthScale:
    """By the board's known size where it is in view, by the baseline, and by what makes sense."""

    name = "depth_scale"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera with depth."""
        limit = context.rig.check.max_depth_m
        medians: dict[str, float] = {}
        found = []
        for name in (n for n, c in context.rig.cameras.items() if c.depth):
            median_m = view_of(context, name).depth_m
            if median_m is None:
                todo = "start the camera"
                return bad(self, f"camera {name}: no depth", todo, "unknown", limit, "m")
            medians[name] = median_m
            if (problem := _problem(context, name, median_m)) is not None:
                found.append(f"camera {name}: {problem}")
        if not medians:
            return good(self, "the rig has no depth camera")
        worst = round(max(medians.values()), 3)
        if found:
            todo = "correct the depth unit in the camera or its driver (16UC1 is mm, REP 118)"
            return bad(self, "; ".join(found), todo, worst, limit, "m")
        return good(self, "depth has the right scale", worst, limit, "m")


def _problem(context: CheckContext, camera: str, median_m: float) -> str | None:
    if median_m > context.rig.check.max_depth_m:
        return f"median depth is {median_m:.2f} m"
    scale = board_scale(context, camera)
    if scale is not None and abs(scale - 1) > BOARD_TOLERANCE:
        return f"depth is {scale:.2f} times the distance of the board"
    before = context.camera_baseline(camera)
    if before is None or before.depth_m is None:
        return None
    ratio = median_m / before.depth_m
    if not 1 / BASELINE_RATIO <= ratio <= BASELINE_RATIO:
        return f"median depth is {ratio:.2f} times that of the baseline"
    return None
