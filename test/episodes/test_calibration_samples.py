"""Calibrations from recorded episodes, whose truth is known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.synthetic_episode import FOLLOWER_LAG_S, JOINTS, NS, Plan, write_episode

from teleop_collect.cli.main import main
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.samples import JointTrace
from teleop_collect.rig.calibration.store import FOLDER_VARIABLE
from teleop_collect.rig.calibration.tool_attitudes import tool_attitudes
from teleop_collect.rig.calibration.values import WrenchLoad
from teleop_collect.rig.calibration.wrench import expected_wrench
from teleop_collect.rig.description import descriptions_of
from teleop_collect.rig.load import load_rig

pytestmark = pytest.mark.timeout(180)
"""Images are rendered, which takes long on a busy machine."""

TRUTH = WrenchLoad(
    frame_id="ft_frame", bias_force_n=(2.0, -1.0, 0.5), bias_torque_nm=(0.02, 0.01, -0.03),
    tool_mass_kg=0.8, tool_center_m=(0.003, 0.001, 0.05),
)  # fmt: skip
DWELL_S = 0.5
FOLLOWER, SENT, WRENCH = "/follower/joint_states", "/teleop/action_sent", "/follower/wrench"
COLOR = "/cameras/wrist/color/image_raw"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    return tmp_path / "calibration"


def calibrate(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = main(["calibrate", *arguments, "--rig", "sim_tabletop", "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)["calibration"]


def tool_poses() -> tuple[list[dict[str, float]], ArmModel]:
    loaded = load_rig("sim_tabletop")
    arm, description = loaded.rig.arms["main"], descriptions_of(loaded.rig, loaded.path)["main"]
    model = ArmModel(arm, description)
    return [dict(p) for p in tool_attitudes(arm, description, model)][:8], model


def only(*topics: str):
    """Leave out all other streams, which would only take time."""

    def defect(plan: Plan) -> None:
        plan.streams = {t: s for t, s in plan.streams.items() if t.startswith(topics)}

    return defect


def weighing(plan: Plan) -> None:
    """The arm rests in one posture after another, and the sensor shows bias and weight."""
    postures, model = tool_poses()

    def posture_at(stamp_ns: int) -> dict[str, float]:
        index = int((stamp_ns - plan.start_ns) / NS / DWELL_S)
        return postures[min(index, len(postures) - 1)]

    for sample in plan.streams["/follower/joint_states"].samples:
        posture = posture_at(sample.stamp_ns)
        sample.value["position"] = np.array([posture[name] for name in JOINTS])
    rng = np.random.default_rng(3)
    for sample in plan.streams["/follower/wrench"].samples:
        gravity = model.gravity_in("ft_frame", posture_at(sample.stamp_ns))
        force, torque = expected_wrench(gravity, TRUTH)
        sample.value = {
            "force": force + rng.normal(0, 0.05, 3), "torque": torque + rng.normal(0, 2e-3, 3)
        }  # fmt: skip


def test_lags_of_joints_are_found_in_an_episode(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    episode = write_episode(tmp_path, duration_s=5.0, cameras=(), defects=[only(FOLLOWER, SENT)])
    found = calibrate(capsys, "latency", "--from", str(episode))
    lags = found["values"]["action_to_state_s"]
    assert set(lags) == set(JOINTS) - {"gripper"}
    assert all(abs(lag - FOLLOWER_LAG_S) < 0.003 for lag in lags.values()), lags


def test_bias_and_tool_are_found_in_an_episode(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    episode = write_episode(
        tmp_path, duration_s=8 * DWELL_S, cameras=(), defects=[only(FOLLOWER, WRENCH), weighing]
    )
    values = calibrate(capsys, "wrench", "--from", str(episode))["values"]
    assert values["tool_mass_kg"] == pytest.approx(TRUTH.tool_mass_kg, rel=0.02)
    assert values["bias_force_n"] == pytest.approx(TRUTH.bias_force_n, abs=0.05)
    assert values["tool_center_m"] == pytest.approx(TRUTH.tool_center_m, abs=0.002)


def test_an_episode_in_which_the_arm_never_rests_is_refused(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
):
    episode = write_episode(tmp_path, duration_s=2.0, cameras=(), defects=[only(FOLLOWER, WRENCH)])
    assert main(["calibrate", "wrench", "--rig", "sim_tabletop", "--from", str(episode)]) == 1
    assert "poses at rest; 6 are needed" in capsys.readouterr().err
    assert not folder.exists()


def test_an_episode_without_the_board_is_refused(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
):
    episode = write_episode(
        tmp_path, duration_s=2.0, cameras=("wrist",), defects=[only(FOLLOWER, COLOR)]
    )
    options = ["--rig", "sim_tabletop", "--camera", "wrist", "--from", str(episode)]
    assert main(["calibrate", "camera", *options]) == 1
    assert "no board in view in any of 60 images" in capsys.readouterr().err
    assert main(["calibrate", "hand-eye", *options]) == 1
    assert "no board in view in any of" in capsys.readouterr().err
    assert not folder.exists()


def test_an_episode_without_that_camera_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    episode = write_episode(tmp_path, duration_s=1.0, cameras=("wrist",), defects=[only(COLOR)])
    options = ["--rig", "sim_tabletop", "--camera", "scene", "--from", str(episode)]
    assert main(["calibrate", "camera", *options]) == 2
    assert "has no colour images of camera scene" in capsys.readouterr().err


def test_stretches_at_rest_are_found():
    t_s = np.arange(0, 3, 0.01)
    position = np.where(t_s < 1, 0.0, np.where(t_s < 1.5, (t_s - 1) * 2, 1.0))
    windows = JointTrace(t_s, {"a": position}).still_windows(0.4)
    assert [(round(t_s[w][0], 1), round(t_s[w][-1], 1)) for w in windows] == [
        (0.0, 1.0),
        (1.5, 3.0),
    ]
