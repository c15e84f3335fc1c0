"""Where a camera sits, from views of a board in several poses of an arm.

Eye in hand: the camera hangs on a link, the board stands in the world. Eye to hand: the camera
stands, the board hangs on a link. Two closed solutions of OpenCV (Park and Martin, 1994;
Daniilidis, 1999) are compared; the better one starts a fit of all corners in all images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.board_pose import CameraModel, board_pose, reprojection_px
from teleop_collect.rig.calibration.charuco import BoardView
from teleop_collect.rig.calibration.least_squares import minimise
from teleop_collect.rig.calibration.opencv import import_cv2
from teleop_collect.rig.calibration.rigid import distance, from_vector, inverse, to_vector
from teleop_collect.rig.calibration.rotations import degeneracy
from teleop_collect.samples import FloatArray

Mode = Literal["eye_in_hand", "eye_to_hand"]
MIN_POSES = 8
HELD_OUT_EVERY = 4
"""Every fourth pose is kept out of the fit and predicted by it."""
MAX_SOLVER_M, MAX_SOLVER_RAD = 0.02, math.radians(2)
MAX_HELD_OUT_PX = 2.0
MAX_MOVED_RATIO = 5.0
"""A pose whose corners lie this many times the median off shows a board that moved."""


@dataclass(frozen=True)
class ArmView:
    """A board as seen in one pose of the arm.

    Attributes:
        world_from_link: 4x4 pose of the link that carries camera or board, by the joints.
        view: of the board.
    """

    world_from_link: FloatArray
    view: BoardView


@dataclass(frozen=True)
class HandEyeFit:
    """Where camera and board are, and how well that explains what was seen.

    Attributes:
        parent_from_camera: 4x4; the parent is the link (eye in hand) or the world (eye to hand).
        board_parent_from_board: 4x4; its parent is the other one.
        rms_px: over all corners of all poses.
        held_out_px: over the corners of poses that a first fit had not seen.
        held_out_m: largest distance of the board there from where that fit puts it.
        held_out_rad: largest angle there.
        solvers_m: distance between the two closed solutions.
        solvers_rad: angle between them.
        error_m: standard error of the camera's position.
        error_rad: standard error of its direction.
        pose_px: root mean square error of each pose, in order.
    """

    parent_from_camera: FloatArray
    board_parent_from_board: FloatArray
    rms_px: float
    held_out_px: float
    held_out_m: float
    held_out_rad: float
    solvers_m: float
    solvers_rad: float
    error_m: float
    error_rad: float
    pose_px: tuple[float, ...]


def missing_poses(poses: Sequence[FloatArray], what: str) -> str | None:
    """What poses still lack, in words; None when they suffice.

    Args:
        poses: of the link, 4x4.
        what: is turned: `the camera` or `the board`.
    """
    if len(poses) < MIN_POSES:
        return f"{len(poses)} poses with the board in view; {MIN_POSES} are needed"
    return degeneracy(poses, what)


def calibrate_hand_eye(views: Sequence[ArmView], camera: CameraModel, mode: Mode) -> HandEyeFit:
    """Find where the camera sits.

    Args:
        views: the board in several poses of the arm.
        camera: intrinsics of the images.
        mode: what the arm carries.

    Raises:
        CheckFailed: too few poses, degenerate poses, a board that moved, or solvers that disagree;
            says which.
    """
    what = "the camera" if mode == "eye_in_hand" else "the board"
    if (reason := missing_poses([v.world_from_link for v in views], what)) is not None:
        raise CheckFailed(f"hand-eye calibration: {reason}")
    carried = [_carrier(v, mode) for v in views]
    seen = [board_pose(v.view, camera).camera_from_board for v in views]
    solutions = [_closed(carried, seen, method) for method in _methods()]
    solvers_m, solvers_rad = distance(*solutions)
    start = min(solutions, key=lambda x: _spread(x, carried, seen))
    _refuse_moved(start, carried, seen, what)
    first = [i for i in range(len(views)) if i % HELD_OUT_EVERY != HELD_OUT_EVERY - 1]
    trained = _Fit([views[i].view for i in first], [carried[i] for i in first], camera, start, seen)
    held_out = [i for i in range(len(views)) if i not in first]
    px = [trained.pose_px(views[i].view, carried[i]) for i in held_out]
    apart = [distance(trained.predicted(carried[i]), seen[i]) for i in held_out]
    whole = _Fit([v.view for v in views], carried, camera, trained.x, seen)
    pose_px = tuple(whole.pose_px(v.view, c) for v, c in zip(views, carried, strict=True))
    fit = HandEyeFit(
        whole.x, whole.y, whole.rms_px, float(np.sqrt(np.mean(np.square(px)))),
        max(m for m, _ in apart), max(rad for _, rad in apart), solvers_m, solvers_rad,
        whole.error_m, whole.error_rad, pose_px,
    )  # fmt: skip
    _refuse_bad(fit, what)
    return fit


class _Fit:
    """Least squares over all corners: the camera (x) and the board (y), six numbers each."""

    def __init__(
        self,
        views: Sequence[BoardView],
        carried: Sequence[FloatArray],
        camera: CameraModel,
        start: FloatArray,
        seen: Sequence[FloatArray],
    ) -> None:
        self._camera = camera
        guess = carried[0] @ start @ seen[0]
        begin = np.concatenate([to_vector(start), to_vector(guess)])

        def residuals(parameters: FloatArray) -> FloatArray:
            x, y = from_vector(parameters[:6]), from_vector(parameters[6:])
            return np.concatenate(
                [
                    (camera.project(v.points_m, inverse(c @ x) @ y) - v.corners_px).ravel()
                    for v, c in zip(views, carried, strict=True)
                ]
            )

        solution = minimise(residuals, begin)
        self.x, self.y = from_vector(solution.parameters[:6]), from_vector(solution.parameters[6:])
        self.rms_px = float(np.sqrt(np.mean(np.square(solution.residuals)) * 2))
        self.error_rad = float(np.linalg.norm(solution.errors[:3]))
        self.error_m = float(np.linalg.norm(solution.errors[3:6]))

    def predicted(self, carried: FloatArray) -> FloatArray:
        """`camera_from_board` in a pose of the arm."""
        return inverse(carried @ self.x) @ self.y

    def pose_px(self, view: BoardView, carried: FloatArray) -> float:
        return reprojection_px(view, self._camera, self.predicted(carried))


def _carrier(view: ArmView, mode: Mode) -> FloatArray:
    """What stands before the camera's transform: `board_parent_from_parent`."""
    return view.world_from_link if mode == "eye_in_hand" else inverse(view.world_from_link)


def _methods() -> tuple[int, int]:
    cv2 = import_cv2()
    return cv2.CALIB_HAND_EYE_PARK, cv2.CALIB_HAND_EYE_DANIILIDIS


def _closed(carried: list[FloatArray], seen: list[FloatArray], method: int) -> FloatArray:
    cv2 = import_cv2()
    rotation, translation = cv2.calibrateHandEye(
        [c[:3, :3] for c in carried], [c[:3, 3] for c in carried],
        [s[:3, :3] for s in seen], [s[:3, 3] for s in seen], method=method,
    )  # fmt: skip
    solution = np.eye(4)
    solution[:3, :3], solution[:3, 3] = rotation, translation.ravel()
    if not np.isfinite(solution).all():
        raise CheckFailed(
            "hand-eye calibration: the poses do not fix the camera; turn the arm's last link by "
            "30 degrees or more about two axes"
        )
    return solution


def _boards(x: FloatArray, carried: list[FloatArray], seen: list[FloatArray]) -> list[FloatArray]:
    """Where each pose puts the board; all the same when `x` is right and nothing moved."""
    return [c @ x @ s for c, s in zip(carried, seen, strict=True)]


def _off(x: FloatArray, carried: list[FloatArray], seen: list[FloatArray]) -> FloatArray:
    places = np.array([b[:3, 3] for b in _boards(x, carried, seen)])
    off: FloatArray = np.linalg.norm(places - np.median(places, axis=0), axis=1)
    return off


def _spread(x: FloatArray, carried: list[FloatArray], seen: list[FloatArray]) -> float:
    return float(np.median(_off(x, carried, seen)))


def _refuse_moved(
    x: FloatArray, carried: list[FloatArray], seen: list[FloatArray], what: str
) -> None:
    off = _off(x, carried, seen)
    limit = max(MAX_MOVED_RATIO * float(np.median(off)), 0.01)
    if (moved := np.flatnonzero(off > limit)).size:
        fixed = "board" if what == "the camera" else "camera"
        poses = ", ".join(str(i + 1) for i in moved)
        raise CheckFailed(
            f"hand-eye calibration: in pose {poses} the board is {1e3 * off.max():.0f} mm off: "
            f"the {fixed} moved, or {what} sat loose; fasten both and start again"
        )


def _refuse_bad(fit: HandEyeFit, what: str) -> None:
    if fit.held_out_px > MAX_HELD_OUT_PX:
        raise CheckFailed(
            f"hand-eye calibration: poses kept out of the fit are {fit.held_out_px:.1f} px off "
            f"(limit {MAX_HELD_OUT_PX:g} px): the board or the camera moved, the intrinsics are "
            "wrong (calibrate the camera first), or the joints are (calibrate the follower)"
        )
    if fit.solvers_m > MAX_SOLVER_M or fit.solvers_rad > MAX_SOLVER_RAD:
        raise CheckFailed(
            f"hand-eye calibration: two solvers disagree by {1e3 * fit.solvers_m:.1f} mm and "
            f"{math.degrees(fit.solvers_rad):.2f} degrees: turn {what} farther, about more axes"
        )
