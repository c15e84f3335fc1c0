"""What the pictures of one camera show, measured once for all the checks that judge it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from teleop_collect import topics
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.picture import Picture, clipped_share, grey, sharpness

MM_PER_M = 1000.0


@dataclass(frozen=True)
class CameraView:
    """Medians over the pictures of one camera; None stands for what no picture shows.

    Attributes:
        brightness: mean grey value, 0 to 255.
        clipped: share of black and white pixels.
        sharpness: variance of the Laplacian.
        depth_m: median of valid depth.
        depth_fill: share of pixels with depth.
    """

    brightness: float | None
    clipped: float | None
    sharpness: float | None
    depth_m: float | None
    depth_fill: float | None


def color_pictures(context: CheckContext, camera: str) -> tuple[Picture, ...]:
    """Colour images of a camera."""
    topic = topics.color_topic(camera)
    if context.rig.cameras[camera].transport == "compressed":
        topic = topics.compressed(topic)
    return context.observation(topic).pictures


def depth_pictures(context: CheckContext, camera: str) -> tuple[Picture, ...]:
    """Depth images of a camera."""
    topic = topics.depth_topic(camera)
    if context.rig.cameras[camera].transport == "compressed":
        topic = topics.compressed_depth(topic)
    return context.observation(topic).pictures


def pairs(context: CheckContext, camera: str) -> Iterator[tuple[Picture, Picture]]:
    """Colour and depth images with the same stamp and size."""
    depths = {picture.stamp_ns: picture for picture in depth_pictures(context, camera)}
    for color in color_pictures(context, camera):
        depth = depths.get(color.stamp_ns)
        if depth is not None and depth.size == color.size:
            yield color, depth


def view_of(context: CheckContext, camera: str) -> CameraView:
    """Measure the pictures of a camera."""
    greys = [grey(picture) for picture in color_pictures(context, camera)]
    depths = [picture.pixels for picture in depth_pictures(context, camera)]
    valid = [d[d > 0] for d in depths if (d > 0).any()]
    return CameraView(
        _median(float(image.mean()) for image in greys),
        _median(clipped_share(image) for image in greys),
        _median(sharpness(image) for image in greys),
        _median(float(np.median(d)) / MM_PER_M for d in valid),
        _median(float((d > 0).mean()) for d in depths),
    )


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.median(found)) if found else None
