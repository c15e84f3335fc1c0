import math

import numpy as np
import pytest
from support.board_views import BOARD, TRUTH, looking_at_board, picture

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.board_pose import CameraModel
from teleop_collect.rig.calibration.charuco import BoardDetector, BoardView
from teleop_collect.rig.calibration.hand_eye import ArmView, Mode, calibrate_hand_eye
from teleop_collect.rig.calibration.rigid import distance, from_vector, inverse
from teleop_collect.rig.calibration.rotations import information, most_informative

pytestmark = pytest.mark.timeout(180)
"""Images are rendered, which takes long on a busy machine."""

CAMERA = CameraModel.of(TRUTH)
CAMERA_ON_LINK = from_vector(np.array([0.1, -0.3, 1.5, 0.06, -0.01, 0.04]))
"""True pose of the camera on the link (eye in hand) or of the board on it (eye to hand)."""
FAR = from_vector(np.array([2.9, 0.2, -0.3, 0.5, 0.2, 0.9]))
"""True pose of the board (eye in hand) or of the camera (eye to hand) in the world."""


def sights(count: int = 12) -> list[np.ndarray]:
    """`camera_from_board` in several well-spread poses."""
    rng = np.random.default_rng(11)
    return [
        looking_at_board(*rng.uniform(-0.06, 0.06, 2), rng.uniform(0.4, 0.55), *turns)
        for turns in rng.uniform(-0.6, 0.6, (count, 3))
    ]


def link_pose(mode: Mode, camera_from_board: np.ndarray) -> np.ndarray:
    """Where the link must be for the camera to see the board there."""
    if mode == "eye_in_hand":
        return FAR @ inverse(camera_from_board) @ inverse(CAMERA_ON_LINK)
    return FAR @ camera_from_board @ inverse(CAMERA_ON_LINK)


def exact(mode: Mode, seen: list[np.ndarray], noise_px: float = 0.05) -> list[ArmView]:
    """Views without images: true corners with a detector's noise."""
    rng = np.random.default_rng(1)
    points = np.array([[x, y, 0] for y in range(1, 5) for x in range(1, 7)]) * BOARD.square_m
    ids = np.arange(len(points), dtype=np.int32)
    return [
        ArmView(
            link_pose(mode, pose),
            BoardView(ids, CAMERA.project(points, pose) + rng.normal(0, noise_px, (24, 2)), points),
        )
        for pose in seen
    ]


@pytest.fixture(scope="module")
def rendered() -> list[tuple[np.ndarray, BoardView]]:
    detector = BoardDetector(BOARD)
    return [(pose, detector.detect(picture(pose))) for pose in sights()]


@pytest.mark.parametrize("mode", ["eye_in_hand", "eye_to_hand"])
def test_a_camera_is_found_within_two_millimetres_in_rendered_images(
    mode: Mode, rendered: list[tuple[np.ndarray, BoardView]]
):
    views = [ArmView(link_pose(mode, pose), view) for pose, view in rendered]
    fit = calibrate_hand_eye(views, CAMERA, mode)
    camera, board = (CAMERA_ON_LINK, FAR) if mode == "eye_in_hand" else (FAR, CAMERA_ON_LINK)
    for found, truth in ((fit.parent_from_camera, camera), (fit.board_parent_from_board, board)):
        moved_m, turned_rad = distance(found, truth)
        assert moved_m < 0.002
        assert turned_rad < math.radians(0.3)
    assert fit.rms_px < 0.3
    assert fit.held_out_px < 0.5
    assert fit.held_out_m < 0.005
    assert fit.solvers_m < 0.01
    assert 0 < fit.error_m < 0.002
    assert 0 < fit.error_rad < math.radians(0.3)


def test_too_few_poses_are_refused():
    with pytest.raises(CheckFailed, match="5 poses with the board in view; 8 are needed"):
        calibrate_hand_eye(exact("eye_in_hand", sights(5)), CAMERA, "eye_in_hand")


def test_pure_translation_is_refused():
    seen = [looking_at_board(0.02 * i, 0.01 * i, 0.4 + 0.02 * i) for i in range(9)]
    with pytest.raises(CheckFailed, match=r"pure translations .*turn the camera between poses"):
        calibrate_hand_eye(exact("eye_in_hand", seen), CAMERA, "eye_in_hand")


def test_turns_about_parallel_axes_are_refused():
    seen = [looking_at_board(0, 0, 0.45, turn=0.15 * i) for i in range(9)]
    with pytest.raises(CheckFailed, match=r"parallel axes .*turn the board about . or . as well"):
        calibrate_hand_eye(exact("eye_to_hand", seen), CAMERA, "eye_to_hand")


def test_a_board_that_moved_is_refused_with_the_pose():
    views = exact("eye_in_hand", sights())
    pushed = from_vector(np.array([0, 0, 0, 0.03, 0, 0]))
    views[6] = ArmView(pushed @ views[6].world_from_link, views[6].view)
    with pytest.raises(CheckFailed, match=r"in pose 7 the board is \d\d mm off: the board moved"):
        calibrate_hand_eye(views, CAMERA, "eye_in_hand")


def test_a_board_that_keeps_creeping_is_refused():
    views = exact("eye_in_hand", sights())
    crept = [
        ArmView(
            from_vector(np.array([0, 0, 0.006 * i, 0.004 * i, 0, 0])) @ v.world_from_link, v.view
        )
        for i, v in enumerate(views)
    ]
    with pytest.raises(CheckFailed, match="the board or the camera moved"):
        calibrate_hand_eye(crept, CAMERA, "eye_in_hand")


def test_guidance_picks_the_pose_that_turns_about_a_new_axis():
    def turned(x: float, y: float, z: float) -> np.ndarray:
        return from_vector(np.array([x, y, z, 0, 0, 0]))

    so_far = [turned(0, 0, 0), turned(0.5, 0, 0)]
    candidates = [turned(0.9, 0, 0), turned(0, 0.5, 0), turned(0.02, 0.02, 0)]
    assert information(so_far) == pytest.approx(0.0, abs=1e-9)
    assert most_informative(so_far, candidates) == 1
