"""Check: cameras stand where they were calibrated, by the board that they see now."""

import math
from dataclasses import dataclass

import numpy as np

from teleop_collect.errors import CheckFailed, ConfigError, MissingExtraError
from teleop_collect.rig.calibration.board_pose import (
    ExtrinsicsDrift,
    board_pose,
    extrinsics_drift,
)
from teleop_collect.rig.calibration.charuco import BoardView
from teleop_collect.rig.calibration.rigid import distance
from teleop_collect.rig.checks.board_view import SeenBoard, seen_board, stored_hand_eye
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.link_poses import parent_from_parent
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen


@dataclass(frozen=True)
class _Judged:
    camera: str
    since: str
    drift: ExtrinsicsDrift

    def text(self) -> str:
        """Drift as a person reads it."""
        drift = self.drift
        turned = math.degrees(drift.turned_rad)
        return (
            f"camera {self.camera}: the board is {drift.error_px:.2f} px from where the "
            f"{self.since} has it; camera or board moved {drift.moved_m * 1e3:.1f} mm and "
            f"{turned:.2f} degrees"
        )


class CameraExtrinsics:
    """Reprojects the board by the hand-eye calibration, or compares it with the baseline's."""

    name = "camera_extrinsics"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every camera that sees a board and has something to compare it with."""
        limits = context.rig.check
        try:
            judged = [j for name in context.rig.cameras if (j := _judge(context, name)) is not None]
        except (MissingExtraError, ConfigError) as error:
            return unseen(self, str(error), "install it, or correct calibration.boards")
        if not judged:
            todo = "put the board into view; `calibrate hand-eye` or `check --save-baseline`"
            return unseen(self, "no board in view to compare with a calibration", todo)
        worst = round(max(j.drift.error_px for j in judged), 3)
        moved = [
            j.text()
            for j in judged
            if j.drift.error_px > limits.max_reprojection_px
            or j.drift.moved_m > limits.max_camera_drift_m
            or j.drift.turned_rad > limits.max_camera_drift_rad
        ]
        if moved:
            todo = "put camera and board back, or calibrate again (`calibrate hand-eye`)"
            return bad(self, "; ".join(moved), todo, worst, limits.max_reprojection_px, "px")
        message = f"{len(judged)} cameras stand where they were"
        return good(self, message, worst, limits.max_reprojection_px, "px")


def _judge(context: CheckContext, camera: str) -> _Judged | None:
    seen = seen_board(context, camera)
    if seen is None:
        return None
    try:
        stored = stored_hand_eye(context, camera)
        if stored is not None:
            between = parent_from_parent(context, stored.board_parent, stored.parent)
            if between is not None:
                drift = extrinsics_drift(seen.view, seen.camera, stored, between)
                return _Judged(camera, "hand-eye calibration", drift)
        return _since_baseline(context, camera, seen)
    except CheckFailed:
        return None


def _since_baseline(context: CheckContext, camera: str, seen: SeenBoard) -> _Judged | None:
    """Against the corners of the baseline, for a camera that does not move with an arm."""
    before = context.camera_baseline(camera)
    if before is None or context.rig.cameras[camera].mount.parent != "world":
        return None
    rows = [i for i, corner in enumerate(seen.view.ids.tolist()) if corner in before.corners]
    if len(rows) < len(seen.view.ids) / 2:
        return None
    now = BoardView(seen.view.ids[rows], seen.view.corners_px[rows], seen.view.points_m[rows])
    kept = np.array([before.corners[corner] for corner in now.ids.tolist()])
    then = BoardView(now.ids, kept, now.points_m)
    error_px = float(np.sqrt(((now.corners_px - kept) ** 2).sum(axis=1).mean()))
    poses = [board_pose(view, seen.camera).camera_from_board for view in (then, now)]
    return _Judged(camera, "baseline", ExtrinsicsDrift(error_px, *distance(*poses)))
