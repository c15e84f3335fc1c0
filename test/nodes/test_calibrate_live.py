"""`calibrate` on the running simulated rig: what is planted is found, and used from then on."""

import json
import math
from pathlib import Path

import pytest
from support.graph import running_rig, wait_for

from teleop_collect import topics
from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.cli.main import main
from teleop_collect.nodes.calibration_rig import CalibrationRig
from teleop_collect.rig.calibration.store import FOLDER_VARIABLE
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.runtime import RUNTIME_VARIABLE


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain, lock = claim_free_domain()
    lock.close()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    monkeypatch.setenv(RUNTIME_VARIABLE, str(tmp_path / "run"))


@pytest.mark.timeout(180)
def test_planted_offsets_are_found_within_a_fifth_of_a_degree_and_used(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    assert main(["calibrate", "leader", "--rig", "sim_calibration", "--auto", "--json"]) == 0
    joints = json.loads(capfd.readouterr().out)["calibration"]["values"]["joints"]
    loaded = load_rig("sim_calibration")
    planted = loaded.rig.sim.planted.leader_zero_rad
    arm = loaded.rig.arms["main"]
    for joint, servo in arm.leader.servos.items():
        truth = servo.zero_rad + planted.get(joint, 0.0)
        assert abs(joints[joint]["zero_rad"] - truth) < math.radians(0.2), joint
        assert joints[joint]["sign"] == servo.sign
    # The driver that starts next reports where the leader truly is: at the follower's home.
    only = ("leader_bus_emulator_main", "leader_arm")
    with running_rig(tmp_path / "root", "sim_calibration", only), CalibrationRig(loaded) as rig:
        rig.wait_heard("main", "leader")
        at = rig.still("main", "leader").joints
    for joint in ("shoulder_pan", "elbow", "wrist_2"):
        assert abs(at[joint] - arm.home[joint]) < math.radians(0.4), joint


@pytest.mark.timeout(120)
def test_zeros_are_not_calibrated_beside_a_running_rig(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    with running_rig(tmp_path / "root", "sim_calibration", ("rig_check",)) as running:
        wait_for(lambda: running.client.is_up(topics.RIG_CHECK_RUN), 60.0, "the rig check")
        assert main(["calibrate", "leader", "--rig", "sim_calibration", "--auto"]) == 2
    assert "a rig is running on this ROS domain" in capsys.readouterr().err
    assert not (tmp_path / "calibration").exists()
