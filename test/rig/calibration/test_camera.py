import numpy as np
import pytest
from support.board_views import BOARD, TRUTH, good_poses, looking_at_board, picture

from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.board_pose import CameraModel, board_pose
from teleop_collect.rig.calibration.camera import calibrate_camera
from teleop_collect.rig.calibration.charuco import BoardDetector, BoardView
from teleop_collect.rig.calibration.rigid import distance
from teleop_collect.rig.calibration.views import ViewCollection

pytestmark = pytest.mark.timeout(180)
"""Images are rendered, which takes long on a busy machine."""

CAMERA = CameraModel.of(TRUTH)


def exact_view(camera_from_board: np.ndarray) -> BoardView:
    """What a perfect detector sees of the whole board."""
    points = np.array(
        [[x * 0.04, y * 0.04, 0.0] for y in range(1, BOARD.rows) for x in range(1, BOARD.columns)]
    )
    pixels = CAMERA.project(points, camera_from_board)
    return BoardView(np.arange(len(points), dtype=np.int32), pixels, points)


@pytest.fixture(scope="module")
def rendered() -> ViewCollection:
    views = ViewCollection(BoardDetector(BOARD), needs_still=False)
    for pose in good_poses():
        views.offer(picture(pose))
    return views


def test_intrinsics_from_rendered_images_are_within_half_a_percent(rendered: ViewCollection):
    fit = calibrate_camera(rendered.views, *rendered.size)
    for name in ("fx", "fy", "cx", "cy"):
        assert getattr(fit.values, name) == pytest.approx(getattr(TRUTH, name), rel=0.005), name
    assert fit.values.distortion[0] == pytest.approx(TRUTH.distortion[0], abs=0.01)
    assert 0.0 < fit.rms_px < 0.2
    assert fit.coverage.missing() == ()
    assert fit.coverage.share == 1.0
    assert len(fit.residuals_px) == len(fit.corners_px) == sum(len(v.ids) for v in rendered.views)


def test_the_pose_of_a_rendered_board_is_found(rendered: ViewCollection):
    for pose, view in zip(good_poses(), rendered.views, strict=True):
        found = board_pose(view, CAMERA)
        moved_m, turned_rad = distance(found.camera_from_board, pose)
        assert moved_m < 0.002
        assert turned_rad < np.radians(0.5)
        assert found.error_px < 0.3


def test_no_board_in_view_is_said(rendered: ViewCollection):
    views = ViewCollection(BoardDetector(BOARD), needs_still=False)
    assert views.offer(picture(None)).message == "no board in view"
    assert views.views == []
    assert views.shortfall().startswith(
        "no board in view in any of 1 images; show the whole ChArUco board (7 x 5 squares"
    )


def test_too_few_views_are_refused_with_what_is_missing():
    views = [exact_view(looking_at_board(0, 0, 0.5)), exact_view(looking_at_board(0.05, 0, 0.5))]
    with pytest.raises(CheckFailed, match=r"2 views of the board do not suffice; missing: 8 more"):
        calibrate_camera(views, TRUTH.width, TRUTH.height)


def test_views_that_all_face_the_camera_are_refused():
    places = [(x, y, z) for z in (0.4, 0.6) for x in (-0.1, 0, 0.1) for y in (-0.08, 0, 0.08)]
    views = [exact_view(looking_at_board(*place)) for place in places]
    with pytest.raises(CheckFailed, match=r"tilt the board up and down by 15 degrees") as caught:
        calibrate_camera(views, TRUTH.width, TRUTH.height)
    assert "tilt the board left and right" in str(caught.value)


def test_views_in_one_part_of_the_image_are_refused_with_the_empty_parts():
    views = [
        exact_view(looking_at_board(-0.2, -0.14, 0.8 + 0.1 * (i % 3), a, b))
        for i, (a, b) in enumerate([(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)] * 3)
    ]
    with pytest.raises(CheckFailed, match=r"show the board in the .*bottom right of the image"):
        calibrate_camera(views, TRUTH.width, TRUTH.height)


def test_squares_that_do_not_lie_as_stated_are_refused():
    rng = np.random.default_rng(3)
    views = []
    for pose in good_poses():
        view = exact_view(pose)
        noisy = view.corners_px + rng.normal(0, 3.0, view.corners_px.shape)
        views.append(BoardView(view.ids, noisy, view.points_m))
    with pytest.raises(CheckFailed, match=r"reprojection error is [2-6]\.\d\d px \(limit 1 px\)"):
        calibrate_camera(views, TRUTH.width, TRUTH.height)


def test_one_bad_view_is_left_out():
    views = [exact_view(pose) for pose in good_poses()]
    rng = np.random.default_rng(5)
    views = [
        BoardView(v.ids, v.corners_px + rng.normal(0, 0.05, v.corners_px.shape), v.points_m)
        for v in views
    ]
    bent = exact_view(looking_at_board(0.02, 0.03, 0.5, 0.2, 0.2))
    views.append(BoardView(bent.ids, bent.corners_px + rng.normal(0, 3, (24, 2)), bent.points_m))
    fit = calibrate_camera(views, TRUTH.width, TRUTH.height)
    assert fit.left_out == 1
    assert fit.values.fx == pytest.approx(TRUTH.fx, rel=0.005)


def test_a_moving_board_is_not_kept_until_it_stands_still(rendered: ViewCollection):
    views = ViewCollection(BoardDetector(BOARD))
    first, second = picture(looking_at_board(0, 0, 0.5)), picture(looking_at_board(0.03, 0, 0.5))
    said = [views.offer(image).message for image in (first, second)]
    assert said == ["hold the board still"] * 2
    assert views.shortfall() == "the board moved in all of 2 images that show it; hold it still"
    feedback = views.offer(second)
    assert (feedback.kept, feedback.message) == (True, "view 1 kept")
    assert views.offer(second).message == "this view is known; move the board"
