"""Check: depth lies on colour."""

import numpy as np

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.edge_shift import edge_shift
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.checks.view import pairs

MAX_SHIFT_PX = 2.5
MIN_PEAK = 1.15
"""A shift counts only where the edges agree clearly better with it than without."""


class DepthAlignment:
    """Steps of depth against edges of colour, by the shift at which they agree best."""

    name = "depth_alignment"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera with depth; the median over its pictures counts."""
        shifts: dict[str, float] = {}
        for name in (n for n, c in context.rig.cameras.items() if c.depth):
            found = [s for c, d in pairs(context, name) if (s := edge_shift(c, d)) is not None]
            if found:
                sizes = [s.size_px if s.peak >= MIN_PEAK else 0.0 for s in found]
                shifts[name] = float(np.median(sizes))
        if not shifts:
            todo = "put something with edges into view"
            return unseen(self, "no steps of depth in view that could be compared", todo)
        worst = round(max(shifts.values()), 2)
        off = [f"camera {n}: {px:.1f} px" for n, px in shifts.items() if px > MAX_SHIFT_PX]
        if off:
            todo = "check alignment in the driver and the camera's own depth-to-colour calibration"
            message = f"depth lies beside colour: {'; '.join(off)}"
            return bad(self, message, todo, worst, MAX_SHIFT_PX, "px")
        return good(self, "depth lies on colour", worst, MAX_SHIFT_PX, "px")
