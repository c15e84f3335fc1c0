"""Check: cameras stand where they were calibrated, by the board that they see now."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from teleop_collect.errors import CheckFailed, ConfigError, MissingExtraError
from teleop_collect.rig.calibration.board_pose import ExtrinsicsDrift, board_pose
from teleop_collect.rig.calibration.charuco import BoardView
from teleop_collect.rig.calibration.rigid import from_rigid, inverse
from teleop_collect.rig.checks.board_view import SeenBoard, seen_board, stored_hand_eye
from teleop_collect.rig.checks.camera_drift import drift_of
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.link_poses import parent_from_parent
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen


@dataclass(frozen=True)
class _Judged:
    camera: str
    since: str
    drift: ExtrinsicsDrift
    moved: bool

    def text(self) -> str:
        """Drift as a person reads it."""
        drift = self.drift
        turned = math.degrees(drift.turned_rad)
        return (
            f"camera {self.camera}: the board is {drift.error_px:.2f} px from where the "
            f"{self.since} has it; it or the camera moved about {drift.moved_m * 1e3:.1f} mm "
            f"and {turned:.2f} degrees"
        )


class CameraExtrinsics:
    """Reprojects the board by the hand-eye calibration, and compares it with the baseline's.

    Few pixels may be millimetres: the movement that explains them is judged as well.
    """

    name = "camera_extrinsics"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera that sees a board and has something to compare it with."""
        limits = context.rig.check
        try:
            judged = [j for name in context.rig.cameras for j in _judge(context, name)]
        except (MissingExtraError, ConfigError) as error:
            return unseen(self, str(error), "install it, or correct calibration.boards")
        if not judged:
            todo = "put the board into view; `calibrate hand-eye` or `check --save-baseline`"
            return unseen(self, "no board in view to compare with a calibration", todo)
        worst = round(max(j.drift.error_px for j in judged), 3)
        if moved := [j.text() for j in judged if j.moved]:
            todo = "put camera and board back, or calibrate again (`calibrate hand-eye`)"
            return bad(self, "; ".join(moved), todo, worst, limits.max_reprojection_px, "px")
        message = f"{len({j.camera for j in judged})} cameras stand where they were"
        return good(self, message, worst, limits.max_reprojection_px, "px")


def _judge(context: CheckContext, camera: str) -> Iterator[_Judged]:
    seen = seen_board(context, camera)
    if seen is None:
        return
    for compared in (_since_hand_eye, _since_baseline):
        with suppress(CheckFailed):
            if (judged := compared(context, camera, seen)) is not None:
                yield judged


def _judged(context: CheckContext, camera: str, since: str, drift: ExtrinsicsDrift) -> _Judged:
    limits = context.rig.check
    moved = (
        drift.error_px > limits.max_reprojection_px
        or drift.moved_m > limits.max_camera_drift_m
        or drift.turned_rad > limits.max_camera_drift_rad
    )
    return _Judged(camera, since, drift, moved)


def _since_hand_eye(context: CheckContext, camera: str, seen: SeenBoard) -> _Judged | None:
    """Against where the calibration puts the board, wherever the arm has taken either."""
    stored = stored_hand_eye(context, camera)
    if stored is None:
        return None
    between = parent_from_parent(context, stored.board_parent, stored.parent)
    if between is None:
        return None
    parent_from_board = inverse(between) @ from_rigid(stored.board_parent_from_board)
    expected = inverse(from_rigid(stored.parent_from_camera)) @ parent_from_board
    drift = drift_of(seen.view.points_m, seen.view.corners_px, expected, seen.camera)
    return _judged(context, camera, "hand-eye calibration", drift)


def _since_baseline(context: CheckContext, camera: str, seen: SeenBoard) -> _Judged | None:
    """Against the corners of the baseline, for a camera that does not move with an arm.

    The same corners are compared, so what the calibration has wrong shows in neither.
    """
    before = context.camera_baseline(camera)
    if before is None or context.rig.cameras[camera].mount.parent != "world":
        return None
    rows = [i for i, corner in enumerate(seen.view.ids.tolist()) if corner in before.corners]
    if len(rows) < len(seen.view.ids) / 2:
        return None
    ids, points_m = seen.view.ids[rows], seen.view.points_m[rows]
    kept = np.array([before.corners[corner] for corner in ids.tolist()])
    expected = board_pose(BoardView(ids, kept, points_m), seen.camera).camera_from_board
    moved_px = seen.view.corners_px[rows] - kept
    now_px = seen.camera.project(points_m, expected) + moved_px
    drift = drift_of(points_m, now_px, expected, seen.camera)
    return _judged(context, camera, "baseline", drift)
