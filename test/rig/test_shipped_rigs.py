"""The rig files that ship: all load, and each yields the processes that its devices need."""

from pathlib import Path

import pytest

from teleop_collect.rig.load import load_rig
from teleop_collect.rig.processes import processes_of
from teleop_collect.rig.rehearsal import emulated_rig
from teleop_collect.rig.share import shipped_rigs
from teleop_collect.rig.streams import streams_of

ALWAYS = ["teleop", "rig_check", "recorder", "episode_qa"]
DEVICES = {
    "aloha": [
        "follower_arm",
        "camera_cam_high",
        "camera_cam_low",
        "camera_cam_left_wrist",
        "camera_cam_right_wrist",
        "leader_arm",
    ],
    "koch_v1_1": ["follower_arm", "camera_top", "leader_arm"],
    "gello_ur5e": ["camera_scene", "camera_wrist", "leader_arm"],
    "franka_spacemouse": ["camera_scene", "camera_wrist", "spacemouse"],
    "template": ["follower_arm", "camera_scene", "leader_arm"],
}
REHEARSED = {
    "aloha": [
        "leader_bus_emulator_left",
        "leader_bus_emulator_right",
        "follower_bus_emulator_left",
        "follower_bus_emulator_right",
        "follower_arm",
        "leader_arm",
    ],
    "koch_v1_1": [
        "leader_bus_emulator_main",
        "follower_bus_emulator_main",
        "follower_arm",
        "leader_arm",
    ],
    "gello_ur5e": ["leader_bus_emulator_main", "leader_arm"],
    "franka_spacemouse": ["spacemouse_emulator_main", "spacemouse"],
}


def names(loaded) -> list[str]:
    return [p.name for p in processes_of(loaded)]


def test_every_shipped_rig_is_one_of_these():
    assert set(shipped_rigs()) == {*DEVICES, "sim_tabletop", "sim_bimanual", "sim_calibration"}


@pytest.mark.parametrize("rig", DEVICES)
def test_a_rig_of_real_devices_starts_its_drivers(rig: str):
    loaded = load_rig(rig)
    assert names(loaded) == DEVICES[rig] + ALWAYS
    assert all(p.arguments["rig"] == str(loaded.path) for p in processes_of(loaded))


def test_each_real_camera_is_a_process_that_knows_its_camera():
    cameras = [p for p in processes_of(load_rig("aloha")) if p.executable == "camera"]
    assert [p.arguments["camera"] for p in cameras] == list(load_rig("aloha").rig.cameras)
    assert not any(p.control for p in cameras)


@pytest.mark.parametrize("rig", REHEARSED)
def test_a_rehearsal_runs_on_emulated_ports(rig: str, tmp_path: Path):
    real, loaded = load_rig(rig), emulated_rig(load_rig(rig), tmp_path)
    cameras = [f"camera_{name}" for name in real.rig.cameras]
    assert sorted(names(loaded)) == sorted(REHEARSED[rig] + cameras + ALWAYS)
    serials = [camera.serial for camera in loaded.rig.cameras.values()]
    assert serials == [f"sim://camera_{name}" for name in real.rig.cameras]


def test_a_rehearsal_cannot_be_taken_for_the_robot(tmp_path: Path):
    real, rehearsed = load_rig("aloha"), emulated_rig(load_rig("aloha"), tmp_path)
    assert rehearsed.rig.name == "aloha_emulated"
    assert rehearsed.rig.arms["left"].follower.serial == "EMULATED-follower-left"
    assert rehearsed.sha256 != real.sha256
    assert rehearsed.text.startswith(f"# {real.path} on emulated ports")


def test_a_rehearsal_keeps_everything_else(tmp_path: Path):
    real, rehearsed = load_rig("koch_v1_1").rig, emulated_rig(load_rig("koch_v1_1"), tmp_path).rig
    before, after = real.arms["main"], rehearsed.arms["main"]
    assert after.leader.servos == before.leader.servos
    assert after.leader.comfort == before.leader.comfort
    assert after.follower.servos == before.follower.servos
    assert (after.mapping, after.joints, after.home) == (before.mapping, before.joints, before.home)
    assert rehearsed.tasks == real.tasks


def test_a_robot_driven_elsewhere_stays_where_it_is(tmp_path: Path):
    rehearsed = emulated_rig(load_rig("gello_ur5e"), tmp_path).rig
    follower = rehearsed.arms["main"].follower
    assert follower == load_rig("gello_ur5e").rig.arms["main"].follower
    assert rehearsed.arms["main"].leader.port == "sim://leader_main"


def test_aloha_has_fourteen_joints_a_side():
    arms = load_rig("aloha").rig.arms.values()
    assert sum(len(arm.leader.servos) for arm in arms) == 14
    assert sum(len(arm.follower.servos) for arm in arms) == 14
    assert min(arm.follower.rate_hz for arm in arms) >= 100


def test_topics_of_other_drivers_are_recorded_under_the_usual_names():
    sources = {s.topic: s.read_from for s in streams_of(load_rig("gello_ur5e").rig)}
    assert sources["follower/joint_states"] == "/joint_states"
    assert sources["follower/wrench"] == "/force_torque_sensor_broadcaster/wrench"
    assert sources["leader/joint_states"] == "leader/joint_states"


def test_a_grippers_own_command_is_recorded():
    types = {s.topic: s.type for s in streams_of(load_rig("gello_ur5e").rig)}
    assert types["/robotiq_position_controller/commands"] == "std_msgs/msg/Float64MultiArray"
    assert types["/forward_position_controller/commands"] == "std_msgs/msg/Float64MultiArray"


def test_a_spacemouse_rig_has_twist_and_buttons_for_a_leader():
    types = {s.topic: s.type for s in streams_of(load_rig("franka_spacemouse").rig)}
    assert types["spacemouse/twist"] == "geometry_msgs/msg/TwistStamped"
    assert types["spacemouse/joy"] == "sensor_msgs/msg/Joy"
    assert "leader/joint_states" not in types
