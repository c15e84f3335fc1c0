"""`calibrate` with a person who moves the arm: guidance, and when the person leaves."""

import os
import pty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.board_views import TRUTH, looking_at_board, picture
from support.calibrations import calibration_of
from support.rig_files import write_rig

from teleop_collect import topics
from teleop_collect.cli.check_answers import asked_poses
from teleop_collect.cli.main import main
from teleop_collect.errors import CheckFailed
from teleop_collect.rig.calibration.rigid import from_vector
from teleop_collect.rig.calibration.samples import JointTrace, MotionTrace, StillSample
from teleop_collect.rig.calibration.store import FOLDER_VARIABLE, write_calibration
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


class Scene:
    """A rig as its samples show it: the same posture and picture until somebody moves something."""

    check_alive = None

    def __init__(self, picture_of: Any = None, stay: bool = True) -> None:
        self.image = picture(picture_of)
        self.stay = stay
        self.looks = 0

    def wait_heard(self, *_: object) -> None:
        """The arm is there at once."""

    wait_seen = wait_heard

    def intrinsics(self, _: str) -> CameraIntrinsics:
        return TRUTH

    def images(self, _: str, timeout_s: float) -> Iterator[np.ndarray]:
        yield from [self.image] * 4

    def watch_motion(self, *_: object) -> MotionTrace:
        t_s = np.arange(0.0, 8.0, 0.01)
        resting = JointTrace(t_s, {"shoulder": 0 * t_s, "gripper": 0 * t_s})
        return MotionTrace(resting, resting)

    def still(self, *_: object, **__: object) -> StillSample:
        self.looks += 1
        turned = 0.0 if self.stay else 0.2 * self.looks
        joints = {"shoulder": turned, "gripper": 0.0}
        force = np.array([0.0, 0.0, -5.0])
        return StillSample(joints, dict.fromkeys(joints, 1e-4), self.image, force, force * 0, 0.1)


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedRig:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    return load_rig(str(write_rig(tmp_path, *EDITS)))


def run(
    monkeypatch: pytest.MonkeyPatch,
    loaded: LoadedRig,
    scene: Scene,
    part: str,
    timeout_s: float,
    *more: str,
) -> int:
    @contextmanager
    def live_rig(*_: object, **__: object) -> Iterator[Scene]:
        yield scene

    for module in (
        "calibrate_camera",
        "calibration_poses",
        "calibrate_joints",
        "calibrate_latency",
    ):
        monkeypatch.setattr(f"teleop_collect.cli.{module}.live_rig", live_rig)
    arguments = ["calibrate", part, "--rig", str(loaded.path), "--timeout", str(timeout_s)]
    return main([*arguments, *more])


def test_a_person_who_leaves_during_camera_calibration_changes_nothing(
    loaded: LoadedRig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    values = CameraIntrinsics(width=480, height=360, fx=50, fy=50, cx=31.5, cy=23.5)
    old = write_calibration(loaded, calibration_of(loaded, "cameras/scene", values=values)).path
    before = old.read_bytes()
    scene = Scene(looking_at_board(0, 0, 0.5))
    assert run(monkeypatch, loaded, scene, "camera", 0.5) == 1
    said = capsys.readouterr().err
    assert "hold the board still; 0 % covered" in said
    assert "view 1 kept" in said
    assert "this view is known; move the board" in said
    assert "not finished within 0.5 s; 1 usable views; missing: 9 more views of the board" in said
    assert "Nothing was written; the previous calibration stays" in said
    assert sorted(old.parent.iterdir()) == [old]
    assert old.read_bytes() == before


def test_a_person_who_leaves_during_hand_eye_calibration_is_told_what_was_missing(
    loaded: LoadedRig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    scene = Scene(looking_at_board(0, 0, 0.5))
    assert run(monkeypatch, loaded, scene, "hand-eye", 0.5) == 1
    said = capsys.readouterr().err
    assert (
        "pose 1 kept; 1 poses with the board in view; 8 are needed; turn the camera by 30" in said
    )
    assert "move the arm to another pose" in said
    assert "not finished within 0.5 s; 1 poses with the board in view; 8 are needed" in said
    assert not (tmp_path / "calibration").exists()


def test_a_person_who_leaves_during_wrench_calibration_is_told_what_was_missing(
    loaded: LoadedRig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    assert run(monkeypatch, loaded, Scene(), "wrench", 0.5) == 1
    assert "not finished within 0.5 s; 1 poses at rest; 6 are needed" in capsys.readouterr().err
    assert not (tmp_path / "calibration").exists()


def test_a_tool_that_is_never_turned_is_noticed(
    loaded: LoadedRig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # The arm's joints turn about the vertical alone, so gravity always comes from one side.
    scene = Scene(stay=False)
    monkeypatch.setattr(
        "teleop_collect.rig.calibration.arm_model.ArmModel.world_from_link",
        lambda self, link, joints: from_vector(np.array([0, 0, joints["shoulder"], 0, 0, 0])),
    )
    assert run(monkeypatch, loaded, scene, "wrench", 0.5) == 1
    assert "the tool points the same way in all poses" in capsys.readouterr().err


def test_no_board_in_any_pose_is_said(
    loaded: LoadedRig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    assert run(monkeypatch, loaded, Scene(None, stay=False), "hand-eye", 0.5) == 1
    said = capsys.readouterr().err
    assert "pose 1: no board in view" in said
    assert "no board in view in any of" in said
    assert "show board board to camera scene" in said
    assert not (tmp_path / "calibration").exists()


def test_poses_that_turn_about_one_axis_do_not_make_a_hand_eye_calibration(
    loaded: LoadedRig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    write_calibration(loaded, calibration_of(loaded, "cameras/scene", values=TRUTH))
    scene = Scene(looking_at_board(0, 0, 0.5), stay=False)
    monkeypatch.setattr(
        "teleop_collect.episodes.calibration_samples.still_samples",
        lambda *_, **__: (scene.still() for _ in range(9)),
    )
    assert run(monkeypatch, loaded, scene, "hand-eye", 60.0, "--from", str(tmp_path)) == 1
    assert "parallel axes" in capsys.readouterr().err
    assert not list((tmp_path / "calibration").rglob("hand_eye/**/*.json"))


def test_an_arm_that_is_not_moved_shows_no_latency(
    loaded: LoadedRig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    assert run(monkeypatch, loaded, Scene(), "latency", 60.0) == 1
    said = capsys.readouterr().err
    assert "move the arm to and fro" in said
    assert "latency of joints: no joint was told to move by" in said
    assert not (tmp_path / "calibration").exists()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal as stdin; the file descriptor of its other end, where a person would type."""
    person, ours = pty.openpty()
    with os.fdopen(ours) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield person
    with suppress(OSError):
        os.close(person)


def test_a_person_who_walks_away_from_a_leader_is_not_waited_for(
    loaded: LoadedRig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    terminal: int,
):
    os.write(terminal, b"\n")
    assert run(monkeypatch, loaded, Scene(), "leader", 0.3) == 1
    said = capsys.readouterr().err
    assert said.count("Hold the arm in this posture (rad, m for prismatic joints): shoulder") == 2
    assert "not finished within 0.3 s; nobody pressed Enter. Nothing was written; the prev" in said
    assert not (tmp_path / "calibration").exists()


def test_a_terminal_that_is_closed_ends_the_calibration(
    loaded: LoadedRig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    terminal: int,
):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    os.close(terminal)
    assert run(monkeypatch, loaded, Scene(), "leader", 5.0) == 1
    assert "nobody pressed Enter. Nothing was written; the prev" in capsys.readouterr().err
    assert not (tmp_path / "calibration").exists()


def test_ctrl_c_while_the_arm_is_held_writes_nothing(
    loaded: LoadedRig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, terminal: int
):
    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("teleop_collect.cli.enter_key.select.select", interrupted)
    assert run(monkeypatch, loaded, Scene(), "leader", 5.0) == 130
    assert not (tmp_path / "calibration").exists()


def test_a_person_who_walks_away_from_the_two_postures_leaves_nothing_compared(
    monkeypatch: pytest.MonkeyPatch, terminal: int
):
    asked: list[str] = []

    class Client:
        def trigger(self, service: str) -> SimpleNamespace:
            asked.append(service)
            return SimpleNamespace(success=True, message="1 postures taken")

    monkeypatch.setattr("teleop_collect.cli.check_answers.POSES_TIMEOUT_S", 0.3)
    os.write(terminal, b"\n")
    with pytest.raises(CheckFailed, match="nobody pressed Enter: leader and follower not compared"):
        asked_poses(Client())
    assert asked == [topics.RIG_CHECK_CAPTURE_POSE]
