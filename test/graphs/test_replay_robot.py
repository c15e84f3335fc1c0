"""A recorded motion driven again: checked as a whole, then through the running rig's own chain."""

import json
import os
import subprocess
import sys

import pytest
import yaml
from support.graph import RunningRig, running_rig, wait_for, wait_for_check
from support.replays import gentle_episode, replay
from support.synthetic_streams import JOINTS

from teleop_collect import topics
from teleop_collect.rig.load import load_rig

pytestmark = pytest.mark.timeout(240)

PROCESSES = ("leader_bus_emulator_main", "leader_arm", "sim_rig", "teleop", "rig_check")


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replay_robot")
    data = yaml.safe_load(load_rig("sim_tabletop").text) | {"cameras": {}}
    data["teleop"] = {
        "rate_hz": 200,
        "align": {"ramp_rad_s": 1.0, "ramp_m_s": 0.1},
        # A machine that stands still for half a second must end no replay here; the fault of a
        # leader that is silent for so long has tests of its own.
        "watchdog": {"fault_after_s": 3.0},
    }
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(data))
    with running_rig(folder, str(path), PROCESSES, checked=True) as running:
        yield running


def check(rig: RunningRig) -> None:
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
    wait_for_check(rig)


def test_the_follower_goes_the_recorded_way_and_its_tracking_is_told(rig, tmp_path):
    check(rig)
    episode = gentle_episode(tmp_path, 1.5)

    done = replay(
        episode, "--to", "robot", "--rig", str(rig.loaded.path), "--speed", "0.8", "--json"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["completed"], report["reason"], report["speed"]) == (True, "", 0.8)
    tracking = report["arms"]["main"]
    assert tuple(tracking["joints"]) == JOINTS
    assert tracking["duration_s"] > 1.5 / 0.8
    # The simulated servos follow; what a busy machine adds is not judged here.
    assert all(0.0 <= joint["rms"] <= joint["max"] for joint in tracking["joints"].values())
    assert tracking["joints"]["shoulder_pan"]["rms"] < 0.2
    assert "ENGAGED -> DISARMED" in rig.log("teleop")


def test_the_leader_leads_again_after_a_replay(rig):
    check(rig)
    wait_for(lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging")
    refused = rig.client.set_bool(topics.TELEOP_REPLAY, True)

    assert (refused.success, refused.message) == (
        False,
        "teleoperation is engaged; disarm it before a replay",
    )
    wait_for(lambda: "ALIGNING -> ENGAGED" in rig.log("teleop"), 20, "the leader to lead")
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)


def test_a_software_stop_ends_a_replay_and_is_told(rig, tmp_path):
    check(rig)
    episode = gentle_episode(tmp_path, 20.0)
    command = [sys.executable, "-m", "teleop_collect.cli.main", "replay", str(episode)]
    command += ["--to", "robot", "--rig", str(rig.loaded.path)]
    before = rig.log("teleop").count("-> ENGAGED")
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        wait_for(lambda: rig.log("teleop").count("-> ENGAGED") > before, 60, "the replay")
        assert rig.client.trigger(topics.TELEOP_STOP).success
        out, _ = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()

    assert running.returncode == 1
    assert "ended early: arm main: teleoperation went to FAULT: software stop requested" in out
    # The stop outlives the replay, and another replay does not clear it either.
    again = replay(
        gentle_episode(tmp_path / "again", 1.0), "--to", "robot", "--rig", str(rig.loaded.path)
    )
    assert again.returncode == 1
    assert "teleoperation is in fault (software stop requested" in again.stderr
    engaging = rig.client.set_bool(topics.TELEOP_ENGAGE, True)
    assert not engaging.success
    assert "in fault (software stop requested" in engaging.message
    assert rig.client.set_bool(topics.TELEOP_ENGAGE, False).success


def test_a_replay_that_is_refused_leaves_an_engaged_operator_alone(rig, tmp_path):
    check(rig)
    wait_for(lambda: rig.client.set_bool(topics.TELEOP_ENGAGE, True).success, 20, "engaging")
    before = rig.log("teleop").count("-> DISARMED")

    episode = gentle_episode(tmp_path, 1.0)
    refused = replay(episode, "--to", "robot", "--rig", str(rig.loaded.path))

    assert refused.returncode == 1
    assert "teleoperation is engaged; disarm it before a replay" in refused.stderr
    assert "already engaged" in rig.client.set_bool(topics.TELEOP_ENGAGE, True).message
    assert rig.log("teleop").count("-> DISARMED") == before
    rig.client.set_bool(topics.TELEOP_ENGAGE, False)
