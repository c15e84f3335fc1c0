"""Check: cameras do not send the same image again and again."""

from itertools import pairwise

import numpy as np

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.checks.view import color_pictures
from teleop_collect.rig.config import SimCamera

MANY = 15
"""Messages that no camera sends within one slot of pictures."""


class CameraFrozen:
    """Real sensors have noise, so two images are never equal; simulated ones may be at rest."""

    name = "camera_frozen"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare pictures with the one before, byte by byte, and their stamps."""
        frozen, seen = [], 0
        for camera, config in context.rig.cameras.items():
            pictures = color_pictures(context, camera)
            count = context.observation(topics.color_info_topic(camera)).count
            if len(pictures) == 1 and count >= MANY:
                frozen.append(camera)  # as many came, and all had one stamp
                continue
            seen += len(pictures) > 1
            stuck = [a.stamp_ns >= b.stamp_ns for a, b in pairwise(pictures)]
            same = [np.array_equal(a.pixels, b.pixels) for a, b in pairwise(pictures)]
            if any(stuck) or (same and all(same) and not isinstance(config, SimCamera)):
                frozen.append(camera)
        if frozen:
            todo = "unplug the camera and plug it in again; restart its driver"
            message = f"camera {', '.join(frozen)} repeats one image"
            return bad(self, message, todo, len(frozen), 0, "cameras")
        if not frozen and seen < len(context.rig.cameras):
            return unseen(self, "not two images of every camera", "start the cameras")
        return good(self, "images change", 0, 0, "cameras")
