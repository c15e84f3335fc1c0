"""Makes a baseline of what a rig looks like now."""

from pathlib import Path

import numpy as np

from teleop_collect import __version__
from teleop_collect.errors import CheckFailed, ConfigError, MissingExtraError
from teleop_collect.pages.thumbnail import png
from teleop_collect.rig.calibration.store import calibration_folder
from teleop_collect.rig.checks.baseline import Baseline, CameraBaseline, save_baseline
from teleop_collect.rig.checks.board_view import seen_board
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.view import color_pictures, view_of


def store_baseline(context: CheckContext) -> Path:
    """Measure and write the baseline of a rig that was just observed.

    Raises:
        CheckFailed: a camera sent no image.
        DeviceError: it cannot be written.
    """
    pictures = {}
    for name in context.rig.cameras:
        if taken := color_pictures(context, name):
            pixels = np.asarray(taken[-1].pixels)
            pictures[name] = png(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3))
    folder = calibration_folder(context.loaded)
    return save_baseline(folder, measured_baseline(context), pictures)


def measured_baseline(context: CheckContext) -> Baseline:
    """The baseline of a rig that was just observed.

    Raises:
        CheckFailed: a camera sent no image.
    """
    ages = {
        topic: seen.timing.least_age_s
        for topic, seen in context.observations.items()
        if seen.timing is not None and seen.timing.least_age_s is not None
    }
    return Baseline(
        rig=context.rig.name,
        made_ns=context.now_ns,
        software_version=__version__,
        ages_s={topic: age for topic, age in ages.items() if age is not None},
        cameras={name: _camera(context, name) for name in context.rig.cameras},
    )


def _camera(context: CheckContext, name: str) -> CameraBaseline:
    camera, view = context.rig.cameras[name], view_of(context, name)
    if view.brightness is None or view.sharpness is None:
        raise CheckFailed(f"camera {name} sent no image; start it before saving a baseline")
    return CameraBaseline(
        serial=camera.serial,
        width=camera.width,
        height=camera.height,
        brightness=view.brightness,
        sharpness=view.sharpness,
        depth_m=view.depth_m,
        depth_fill=view.depth_fill,
        corners=_corners(context, name),
    )


def _corners(context: CheckContext, camera: str) -> dict[int, tuple[float, float]]:
    try:
        seen = seen_board(context, camera)
    except (MissingExtraError, ConfigError):
        return {}
    if seen is None:
        return {}
    corners = zip(seen.view.ids.tolist(), seen.view.corners_px.tolist(), strict=True)
    return {int(corner): (float(x), float(y)) for corner, (x, y) in corners}
