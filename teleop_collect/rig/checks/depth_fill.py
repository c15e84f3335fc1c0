"""Check: enough pixels have depth."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.view import view_of

MAX_LOSS = 0.2
"""Share of pixels that may have lost their depth since the baseline."""


class DepthFill:
    """Share of pixels that are not 0, against `check.min_depth_fill` and the baseline."""

    name = "depth_fill"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera with depth."""
        limit = context.rig.check.min_depth_fill
        fills: dict[str, float] = {}
        found = []
        for name in (n for n, c in context.rig.cameras.items() if c.depth):
            fill, before = view_of(context, name).depth_fill, context.camera_baseline(name)
            if fill is None:
                todo = "start the camera"
                return bad(self, f"camera {name}: no depth image", todo, "unknown", limit)
            fills[name] = fill
            if fill < limit:
                found.append(f"camera {name}: {fill:.0%} of the pixels have depth")
            elif before and before.depth_fill is not None and before.depth_fill - fill > MAX_LOSS:
                found.append(f"camera {name}: depth of {fill:.0%}, {before.depth_fill:.0%} before")
        if not fills:
            return good(self, "the rig has no depth camera")
        least = round(min(fills.values()), 3)
        if found:
            todo = "clean the lenses; check emitter, sunlight, shiny surfaces and distance"
            return bad(self, "; ".join(found), todo, least, limit, "share")
        return good(self, "depth is dense enough", least, limit, "share")
