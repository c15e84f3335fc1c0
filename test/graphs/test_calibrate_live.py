"""`calibrate` on the running simulated rig: what is planted is found, and used from then on."""

import json
import math
import threading
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from support.graph import running_rig, wait_for
from support.lone_recorder import publishing_node

from teleop_collect import topics
from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.cli.main import main
from teleop_collect.errors import CheckFailed
from teleop_collect.nodes import conversions
from teleop_collect.nodes.calibration_devices import refuse_exchanged
from teleop_collect.nodes.calibration_rig import CalibrationRig
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.calibration.devices import camera_device
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


@pytest.mark.timeout(60)
@pytest.mark.parametrize("serial", ["", "SIM-CAM-9999"])
def test_a_device_whose_driver_tells_another_serial_number_is_not_calibrated(serial: str):
    rig = load_rig("sim_calibration").rig
    expected = rig.cameras["wrist"].serial
    with publishing_node() as node:
        qos = profile(topics.EVENT_QOS)
        said = node.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, qos)
        told = {"serial": serial or expected}
        status = conversions.diagnostic("camera: camera wrist", "ok", "reading", told)
        done = threading.Event()

        def tell() -> None:
            while not done.wait(0.05):
                said.publish(DiagnosticArray(status=[status]))

        driver = threading.Thread(target=tell)
        driver.start()
        try:
            if not serial:
                refuse_exchanged(node, rig, camera_device("wrist"))
                return
            with pytest.raises(CheckFailed, match=f"wrist has serial number {serial}, the rig"):
                refuse_exchanged(node, rig, camera_device("wrist"))
        finally:
            done.set()
            driver.join()
