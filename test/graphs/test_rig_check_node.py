"""The rig check on a running rig: faults that are planted there are found by name."""

import json
import signal
from pathlib import Path

import pytest
from support.graph import RunningRig, running_rig, wait_for

from teleop_collect import topics
from teleop_collect.cli.check_answers import parsed_report
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.devices.dynamixel import models
from teleop_collect.rig.checks.kept_report import kept_report
from teleop_collect.rig.checks.motion_gate import MOTION
from teleop_collect.rig.checks.run import NAMES
from teleop_collect.rig.runtime import control_socket, device_path

pytestmark = pytest.mark.timeout(300)

PORT = "sim://leader_main"
DEVICES = ("leader_bus_emulator_main", "sim_rig", "camera", "leader_arm")
PROCESSES = (*DEVICES, "teleop", "rig_check", "recorder")
ELBOW, FOUR_DEGREES = 3, 46
PATIENCE_S = 120
"""A machine busy with other tests may need a second look."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    with running_rig(tmp_path_factory.mktemp("check"), only=PROCESSES, checked=True) as running:
        yield running


def _checked(rig: RunningRig, service: str = topics.RIG_CHECK_RUN) -> dict[str, dict]:
    report = parsed_report(rig.client.trigger(service, 100))
    return {result["check"]: result for result in report["results"]}


def _failed(results: dict[str, dict]) -> set[str]:
    return {n for n, r in results.items() if not r["passed"] and r["severity"] != "info"}


def test_faults_planted_in_the_running_rig_are_found_by_name(rig: RunningRig, tmp_path: Path):
    emulator = EmulatorClient(control_socket(PORT))
    latency = Path(f"{device_path(PORT)}.latency_timer")
    page = tmp_path / "check.html"
    wait_for(control_socket(PORT).exists, PATIENCE_S, "the emulated bus")
    emulator.write(ELBOW, models.HOMING_OFFSET.address, FOUR_DEGREES)
    latency.write_text("16\n")
    arm = {"main": {"wrench_frozen": True, "stuck": ["wrist_1"]}}
    rig.client.set_parameters("sim_rig", {"faults": json.dumps(arm)})
    camera = {"scene": {"depth_factor": 10.0, "serial": "ANOTHER"}}
    rig.client.set_parameters("camera", {"faults": json.dumps(camera)})
    rig.client.set_parameters("rig_check", {"motion": True, "page": str(page)})
    planted = {
        "leader_follower_poses": "elbow",
        "follower_stuck": "wrist_1",
        "wrench_alive": "frozen",
        "depth_scale": "camera scene",
        "device_serials": "cameras/scene is ANOTHER",
        "adapter_latency": "16 ms",
    }
    results: dict[str, dict] = {}

    def found() -> bool:
        results.update(_checked(rig))
        return planted.keys() <= _failed(results)

    try:
        wait_for(found, PATIENCE_S, f"the check to find {sorted(planted)}")
    finally:
        emulator.write(ELBOW, models.HOMING_OFFSET.address, 0)
        emulator.close()
        latency.unlink()
        rig.client.set_parameters("sim_rig", {"faults": "{}"})
        rig.client.set_parameters("camera", {"faults": "{}"})
        rig.client.set_parameters("rig_check", {"motion": False, "page": ""})

    refused = rig.client.trigger(topics.START_EPISODE)
    armed = rig.client.set_bool(topics.TELEOP_ENGAGE, True)
    for answer in (refused, armed):
        assert not answer.success
        assert "leader_follower_poses: arm 'main': elbow: constant offset" in answer.message
    assert list(results) == list(NAMES)
    for check, words in planted.items():
        assert words in results[check]["message"]
        assert results[check]["todo"]
    assert "data:image/png;base64" in page.read_text()


def test_when_they_are_gone_the_quick_check_passes_but_does_not_stand_for_the_whole(rig):
    """Runs after the planting: what a motion found stands until the arm has moved again."""
    looked_at = {"wrench_alive", "device_serials", "adapter_latency"}
    quick: dict[str, dict] = {}

    def renewed() -> bool:
        quick.update(_checked(rig, topics.RIG_CHECK_QUICK))
        return not _failed(quick) & looked_at

    wait_for(renewed, PATIENCE_S, "the quick check to find them gone")
    assert not quick["follower_stuck"]["passed"]
    refused = rig.client.trigger(topics.START_EPISODE)
    assert not refused.success
    assert "follower_stuck" in refused.message
    assert "leader_follower_poses" in refused.message

    whole: dict[str, dict] = {}

    def passed() -> bool:
        """Simulated arms move unasked as long as no motion has passed."""
        whole.update(_checked(rig))
        return not {n for n, r in whole.items() if not r["passed"] and r["severity"] == "error"}

    wait_for(passed, PATIENCE_S, "the whole check to pass")
    assert all(whole[check]["passed"] for check in MOTION)
    started = rig.client.trigger(topics.START_EPISODE)
    assert started.success, started.message
    assert rig.client.trigger(topics.DISCARD_EPISODE).success


def test_only_the_checks_asked_for_run_and_an_unknown_one_is_refused(rig: RunningRig):
    rig.client.set_parameters("rig_check", {"only": "stream_rates, joints_present"})
    try:
        assert list(_checked(rig)) == ["stream_rates", "joints_present"]
        rig.client.set_parameters("rig_check", {"only": "stream_rate"})
        answer = rig.client.trigger(topics.RIG_CHECK_RUN, 100)
        assert (answer.success, answer.message[:28]) == (False, "no check stream_rate; there ")
    finally:
        rig.client.set_parameters("rig_check", {"only": ""})


def test_wrong_faults_are_refused(rig: RunningRig):
    with pytest.raises(Exception, match="blurr"):
        rig.client.set_parameters("camera", {"faults": '{"scene": {"blurr": 1}}'})


def test_a_check_that_is_stopped_says_nothing_of_the_rig(tmp_path: Path):
    with running_rig(tmp_path, only=["rig_check"]) as waiting:  # for devices that do not come
        process = waiting.session.supervisor.children["rig_check"].handle
        process.send_signal(signal.SIGINT)

        assert process.wait(20) == 0
        wait_for(lambda: "before it had seen enough" in waiting.log("rig_check"), 5, "its reason")
        assert "rig check: fail" not in waiting.log("rig_check")
        assert kept_report(waiting.loaded) is None
