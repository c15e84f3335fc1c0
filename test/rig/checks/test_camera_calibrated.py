"""Cameras against their stored calibrations: where they stand, and what their lens makes of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.board_views import BOARD, TRUTH, looking_at_board, picture
from support.calibrations import calibration_of
from support.rig_files import load_tiny
from support.rig_observations import good_context, spoiled

from teleop_collect.rig.calibration.devices import camera_device
from teleop_collect.rig.calibration.rigid import from_vector, inverse, to_rigid
from teleop_collect.rig.calibration.store import (
    FOLDER_VARIABLE,
    load_calibrations,
    write_calibration,
)
from teleop_collect.rig.calibration.values import HandEye
from teleop_collect.rig.checks.baseline import CameraBaseline
from teleop_collect.rig.checks.board_view import seen_board
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.picture import Picture
from teleop_collect.rig.checks.run import CHECKS
from teleop_collect.samples import Intrinsics

pytestmark = pytest.mark.timeout(180)
"""Images are rendered, which takes long on a busy machine."""

COLOR = "cameras/scene/color/image_raw"
INFO = "cameras/scene/color/camera_info"
WORLD_FROM_CAMERA = from_vector(np.array([2.9, 0.2, -0.3, 0.5, 0.2, 0.9]))
CAMERA_FROM_BOARD = looking_at_board(0.02, -0.01, 0.9, 0.3, 0.2)
EDITS = (
    ("recording:\n", "calibration: {boards: {board: {columns: 7, rows: 5}}}\nrecording:\n"),
    ("width: 64", "width: 480"),
    ("height: 48", "height: 360"),
    ("mount: {parent: main/upper}", "mount: {parent: world}"),
)
HAND_EYE = HandEye(
    mode="eye_to_hand", parent="world", parent_from_camera=to_rigid(WORLD_FROM_CAMERA),
    board=BOARD, board_parent="world",
    board_parent_from_board=to_rigid(WORLD_FROM_CAMERA @ CAMERA_FROM_BOARD),
)  # fmt: skip
PUBLISHED = Intrinsics(480, 360, TRUTH.fx, TRUTH.fy, TRUTH.cx, TRUTH.cy, TRUTH.distortion)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckContext:
    """A camera with both calibrations, whose driver publishes the true lens."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    loaded = load_tiny(tmp_path, *EDITS)
    device = camera_device("scene")
    for values in (TRUTH, HAND_EYE):
        write_calibration(loaded, calibration_of(loaded, device, values=values))
    context = spoiled(good_context(loaded, tmp_path), INFO, sample=PUBLISHED)
    return replace(context, calibrations=load_calibrations(loaded), baseline=None)


def _run(name: str, context: CheckContext) -> Any:
    return next(check for check in CHECKS if check.name == name).run(context)


def _seen(context: CheckContext, knock: tuple[float, ...] = (0.0,) * 6) -> CheckContext:
    """The board as a camera sees it that was knocked: turned (rad), then shifted (m)."""
    pose = inverse(from_vector(np.array(knock))) @ CAMERA_FROM_BOARD
    return spoiled(context, COLOR, pictures=(Picture(0, "rgb8", picture(pose)),))


def _with_baseline(context: CheckContext) -> CheckContext:
    """The board as it was seen before, and no hand-eye calibration."""
    view = seen_board(context, "scene").view
    corners = dict(zip(view.ids.tolist(), map(tuple, view.corners_px.tolist()), strict=True))
    kept = CameraBaseline(
        serial="", width=480, height=360, brightness=90, sharpness=100, corners=corners
    )
    context.calibrations.current.pop(("hand_eye", camera_device("scene")))
    baseline = good_context(context.loaded, context.recording_root).baseline
    return replace(context, baseline=baseline.model_copy(update={"cameras": {"scene": kept}}))


KNOCKS = [
    (0, 0, 0, 0.004, 0, 0),
    (0, 0, 0, 0, -0.004, 0),
    (0.0044, 0, 0, 0, 0, 0),
    (0, -0.0044, 0, 0, 0, 0),
]


def test_a_camera_that_stands_where_it_was_calibrated_passes(context: CheckContext):
    result = _run("camera_extrinsics", _seen(context))
    assert (result.passed, result.unit, result.limit) == (True, "px", 2.0)
    assert result.measured < 0.3


@pytest.mark.parametrize("knock", KNOCKS)
def test_a_knock_of_less_than_two_pixels_since_hand_eye_is_told_in_millimetres(context, knock):
    result = _run("camera_extrinsics", _seen(context, knock))
    assert (result.passed, result.severity) == (False, "error"), result
    assert result.measured < 2.5
    assert "from where the hand-eye calibration has it; it or the camera moved about" in (
        result.message
    )


def test_a_knock_since_the_baseline_is_told_too(context: CheckContext):
    since = _with_baseline(_seen(context))
    assert _run("camera_extrinsics", since).passed
    knocked = _run("camera_extrinsics", _seen(since, KNOCKS[1]))
    assert not knocked.passed
    assert "from where the baseline has it" in knocked.message


def test_the_board_is_judged_by_the_stored_lens_and_not_by_a_published_one(context: CheckContext):
    wrong = replace(PUBLISHED, fx=1.1 * TRUTH.fx, fy=1.1 * TRUTH.fy, distortion=(0.0,) * 5)
    assert _run("camera_extrinsics", spoiled(_seen(context), INFO, sample=wrong)).passed


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"fx": 1.003 * TRUTH.fx, "fy": 1.003 * TRUTH.fy}, True),
        ({"fx": 1.015 * TRUTH.fx, "fy": 1.015 * TRUTH.fy}, False),
        ({"cx": TRUTH.cx + 2.5}, False),
        ({"distortion": (0.0,) * 5}, False),
        ({"width": 640}, False),
    ],
)
def test_a_lens_of_another_unit_is_told_from_the_calibrated_one(context, changes, passes):
    result = _run(
        "camera_calibration", spoiled(context, INFO, sample=replace(PUBLISHED, **changes))
    )
    assert (result.passed, result.limit) == (passes, 1.92), result
    if not passes:
        assert "px off version 1" in result.message
