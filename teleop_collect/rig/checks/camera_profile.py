"""Check: images have the size and encoding that the rig file describes."""

from collections.abc import Iterator, Sequence

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.picture import Picture
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.checks.view import color_pictures, depth_pictures

COLOR = frozenset({"rgb8", "bgr8", "rgba8", "bgra8", "8UC3"})
DEPTH = frozenset({"16UC1", "mono16"})


class CameraProfile:
    """Colour 8 bit with three channels, depth 16 bit in mm (REP 118), both of one size."""

    name = "camera_profile"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Look at the pictures of every camera."""
        found = [
            problem for camera in context.rig.cameras for problem in _problems(context, camera)
        ]
        if found:
            todo = "correct the camera driver's profile or the rig file"
            return bad(self, "; ".join(found), todo, len(found), 0, "problems")
        count = len(context.rig.cameras)
        return good(self, f"images of {count} cameras are as described", 0, 0, "problems")


def _problems(context: CheckContext, camera: str) -> Iterator[str]:
    config = context.rig.cameras[camera]
    kinds: list[tuple[str, Sequence[Picture], frozenset[str]]] = [
        ("colour", color_pictures(context, camera), COLOR)
    ]
    if config.depth:
        kinds.append(("depth", depth_pictures(context, camera), DEPTH))
    for kind, pictures, encodings in kinds:
        if not pictures:
            yield f"camera {camera}: no {kind} image received"
            continue
        last = pictures[-1]
        if last.size != (config.width, config.height):
            seen, asked = "x".join(map(str, last.size)), f"{config.width}x{config.height}"
            yield f"camera {camera}: {kind} is {seen}, the rig file says {asked}"
        if config.transport == "raw" and last.encoding not in encodings:
            yield f"camera {camera}: {kind} is encoded as {last.encoding}"
