"""Check: flat surfaces look flat in depth."""

import numpy as np

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.plane_fit import plane_noise
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.view import depth_pictures
from teleop_collect.samples import Intrinsics

MAX_NOISE = 0.02
"""RMS distance from a plane over the distance: 2 %, as Intel's D400 data sheet promises at 2 m."""


class DepthNoise:
    """Planes fitted to patches of the newest depth image; the flattest quarter counts."""

    name = "depth_noise"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera with depth."""
        noises: dict[str, float] = {}
        for name in (n for n, c in context.rig.cameras.items() if c.depth):
            info = context.observation(topics.depth_info_topic(name)).sample
            pictures = depth_pictures(context, name)
            if not pictures or not isinstance(info, Intrinsics):
                todo = "start the camera"
                return bad(self, f"camera {name}: no depth image", todo, "unknown", MAX_NOISE)
            noise = plane_noise(np.asarray(pictures[-1].pixels), info)
            if noise is not None:
                noises[name] = noise
        if not noises:
            return good(self, "no flat surface with depth in view")
        worst = round(max(noises.values()), 5)
        rough = [f"camera {n}: {v:.1%} of the distance" for n, v in noises.items() if v > MAX_NOISE]
        if rough:
            todo = "clean the lenses; check emitter, preset, light and the depth calibration"
            return bad(self, "; ".join(rough), todo, worst, MAX_NOISE, "of the distance")
        return good(self, "flat surfaces look flat", worst, MAX_NOISE, "of the distance")
