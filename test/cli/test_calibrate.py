"""`teleop-collect calibrate` without a robot: recordings, and refusals that write nothing."""

import io
import json
import sys
from pathlib import Path

import cv2
import pytest
from support.board_views import BOARD, TRUTH, good_poses, looking_at_board, picture
from support.calibrations import calibration_of
from support.rig_files import write_rig

from teleop_collect.cli.calibration_run import Guide
from teleop_collect.cli.main import main
from teleop_collect.rig.calibration.store import (
    FOLDER_VARIABLE,
    load_calibrations,
    write_calibration,
)
from teleop_collect.rig.calibration.values import CameraIntrinsics
from teleop_collect.rig.load import LoadedRig, load_rig

pytestmark = pytest.mark.timeout(180)
"""Images are rendered, which takes long on a busy machine."""

BOARDS = "calibration: {boards: {board: {columns: 7, rows: 5, square_m: 0.04, marker_m: 0.03}}}\n"
EDITS = (
    ("recording:\n", BOARDS + "recording:\n"),
    ("width: 64", "width: 480"),
    ("height: 48", "height: 360"),
)


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedRig:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    return load_rig(str(write_rig(tmp_path, *EDITS)))


@pytest.fixture
def old(loaded: LoadedRig) -> Path:
    """A calibration of the camera that must outlive every refusal."""
    values = CameraIntrinsics(width=480, height=360, fx=50, fy=50, cx=31.5, cy=23.5)
    return write_calibration(loaded, calibration_of(loaded, "cameras/scene", values=values)).path


def photographs(folder: Path, poses) -> Path:
    folder.mkdir()
    for index, pose in enumerate(poses):
        cv2.imwrite(str(folder / f"{index:02d}.png"), picture(pose)[..., ::-1])
    return folder


def refused(capsys: pytest.CaptureFixture[str], loaded: LoadedRig, old: Path, *more: str) -> str:
    """Run `calibrate camera`, which must refuse and leave everything as it was."""
    before = old.read_bytes()
    arguments = ["calibrate", "camera", "--rig", str(loaded.path), *more]
    assert main(arguments) in (1, 2)
    assert sorted(old.parent.iterdir()) == [old]
    assert old.read_bytes() == before
    return capsys.readouterr().err.splitlines()[-1]


def test_photographs_become_a_new_version_with_a_page(
    loaded: LoadedRig, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = photographs(tmp_path / "photographs", good_poses())
    arguments = ["calibrate", "camera", "--rig", str(loaded.path), "--from", str(folder), "--json"]
    assert main([*arguments, "--operator", "op-7"]) == 0
    found = json.loads(capsys.readouterr().out)
    calibration = found["calibration"]
    assert Path(found["path"]).name == "0002.json"
    assert calibration["operator"] == "op-7"
    assert calibration["values"]["fx"] == pytest.approx(TRUTH.fx, rel=0.005)
    assert calibration["residuals"]["reprojection_rms_px"] < 0.2
    assert old.exists()
    page = Path(found["path"]).with_suffix(".html").read_text()
    assert page.count("<circle") > 200
    current = load_calibrations(loaded).get("camera", "cameras/scene")
    assert current is not None
    assert current.version == 2


def test_images_of_another_size_are_refused(
    loaded: LoadedRig, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for index, pose in enumerate(good_poses()):
        smaller = cv2.resize(picture(pose)[..., ::-1], (400, 300), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{index:02d}.png"), smaller)
    said = refused(capsys, loaded, old, "--from", str(folder))
    assert "the images are 400x300, the rig file says 480x360; intrinsics hold for one size" in said


def test_images_without_a_board_are_refused(
    loaded: LoadedRig, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = photographs(tmp_path / "photographs", [None, None])
    said = refused(capsys, loaded, old, "--from", str(folder))
    assert "camera scene: no board in view in any of 2 images; show the whole ChArUco" in said


def test_too_few_views_are_refused_with_what_is_missing(
    loaded: LoadedRig, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    poses = [looking_at_board(0, 0, 0.5), looking_at_board(0.1, 0, 0.6, 0.5)]
    folder = photographs(tmp_path / "photographs", poses)
    said = refused(capsys, loaded, old, "--from", str(folder))
    assert "2 usable views; missing: 8 more views of the board; show the board in the" in said


def test_a_folder_without_images_is_refused(
    loaded: LoadedRig, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "empty").mkdir()
    assert "no episode and no images" in refused(
        capsys, loaded, old, "--from", str(tmp_path / "empty")
    )


def test_an_unknown_camera_is_refused(
    loaded: LoadedRig, old: Path, capsys: pytest.CaptureFixture[str]
):
    assert "has no camera 'wrong'; choose with --camera: scene" in refused(
        capsys, loaded, old, "--camera", "wrong"
    )


def test_interrupting_writes_nothing(
    loaded: LoadedRig, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = photographs(tmp_path / "photographs", [looking_at_board(0, 0, 0.5)])

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("teleop_collect.cli.calibrate_camera.calibrate_camera", interrupted)
    monkeypatch.setattr("teleop_collect.rig.calibration.coverage.Coverage.missing", lambda self: ())
    arguments = ["calibrate", "camera", "--rig", str(loaded.path), "--from", str(folder)]
    assert main(arguments) == 130
    assert sorted(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("side", ["leader", "follower"])
def test_without_a_terminal_nobody_is_asked(
    loaded: LoadedRig, side: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert main(["calibrate", side, "--rig", str(loaded.path)]) == 1
    said = capsys.readouterr().err
    assert f"calibrate {side} asks a person to hold the arm and press Enter" in said
    assert "on the simulated rig use --auto" in said
    assert not (tmp_path / "calibration").exists()


def test_a_person_who_walks_away_is_told_what_is_missing():
    error = Guide(0.0).went_away("5 poses with the board in view; 8 are needed")
    assert str(error) == (
        "not finished within 0 s; 5 poses with the board in view; 8 are needed. Nothing was "
        "written; the previous calibration stays"
    )


def test_auto_is_for_simulated_rigs(capsys: pytest.CaptureFixture[str]):
    arguments = ["calibrate", "wrench", "--rig", "franka_spacemouse", "--auto"]
    code = main(arguments)
    said = capsys.readouterr().err
    assert code == 2
    assert "--auto moves simulated arms only" in said or "has no force-torque sensor" in said


def test_history_shows_drift_and_refused_files(
    loaded: LoadedRig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for fx in (400.0, 402.0, 405.0):
        values = CameraIntrinsics(width=480, height=360, fx=fx, fy=fx, cx=31.5, cy=23.5)
        stored = write_calibration(loaded, calibration_of(loaded, "cameras/scene", values=values))
    broken = stored.path.with_name("0004.json")
    broken.write_text("{")
    page = tmp_path / "drift.html"
    arguments = ["calibrate", "history", "--rig", str(loaded.path)]
    assert main([*arguments, "--html", str(page)]) == 0
    printed = capsys.readouterr().out
    assert "+5" in printed
    assert "▁▄█" in printed
    assert "refused: " in printed
    assert page.read_text().count("<svg") == 4 + 5  # fx fy cx cy and five of distortion
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (device,) = document["devices"]
    assert device["drift"]["fx"] == 5.0
    assert [c["version"] for c in device["calibrations"]] == [1, 2, 3]
    assert len(document["refused"]) == 1


def test_history_of_a_rig_that_was_never_calibrated_is_empty(
    loaded: LoadedRig, capsys: pytest.CaptureFixture[str]
):
    assert main(["calibrate", "history", "--rig", str(loaded.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["devices"] == []


@pytest.mark.parametrize(
    "part", ["leader", "follower", "camera", "hand-eye", "wrench", "latency", "history"]
)
def test_every_part_has_help_with_an_example(part: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", part, "--help"])
    assert ended.value.code == 0
    assert f"example: teleop-collect calibrate {part} --rig" in capsys.readouterr().out


def test_the_board_of_these_tests_is_the_rigs(loaded: LoadedRig):
    assert loaded.rig.calibration.boards["board"] == BOARD
