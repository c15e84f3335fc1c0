"""EEPROM settings compared with the rig file, and written on demand, through the real SDK."""

import pytest
from support.emulated_follower import BOUNDS, IDS, emulated_follower, write_follower_rig

from teleop_collect.devices.dynamixel import configure
from teleop_collect.errors import BusyError, DeviceError


@pytest.fixture(scope="module")
def shared_arm():
    with emulated_follower() as arm:
        yield arm


@pytest.fixture
def arm(shared_arm, monkeypatch):
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(shared_arm.folder))
    shared_arm.restore()
    for servo_id in IDS.values():
        shared_arm.client.reboot(servo_id, boot_s=0.0)
        shared_arm.client.write(servo_id, 9, 250)
    shared_arm.client.write(IDS["elbow"], 52, 0)
    shared_arm.client.write(IDS["elbow"], 48, 4095)
    shared_arm.client.write(IDS["gripper"], 11, 3)
    shared_arm.client.write(IDS["gripper"], 38, 1193)
    return shared_arm


ALL = [
    "sim://follower_main servo 1 (shoulder_pan): Return Delay Time (9): 250 -> 0",
    "sim://follower_main servo 3 (elbow): Return Delay Time (9): 250 -> 0",
    "sim://follower_main servo 3 (elbow): Min Position Limit (52): 0 -> 745",
    "sim://follower_main servo 3 (elbow): Max Position Limit (48): 4095 -> 3351",
    "sim://follower_main servo 4 (wrist_1): Return Delay Time (9): 250 -> 0",
    "sim://follower_main servo 7 (gripper): Return Delay Time (9): 250 -> 0",
    "sim://follower_main servo 7 (gripper): Operating Mode (11): 3 -> 5",
    "sim://follower_main servo 7 (gripper): Current Limit (38): 1193 -> 200",
]


def test_shows_everything_that_differs_and_writes_nothing(arm):
    for _ in range(2):
        assert list(configure.configure(arm.config, BOUNDS, write=False)) == ALL


def test_writes_once_and_then_the_driver_starts(arm):
    with pytest.raises(DeviceError, match="0 to 4095 ticks"):
        arm.follower().connect()
    lines = list(configure.configure(arm.config, BOUNDS, write=True))
    assert lines == [f"{line} written" for line in ALL]
    assert list(configure.configure(arm.config, BOUNDS, write=True)) == []
    follower = arm.follower(on_exit="release")
    follower.connect()
    follower.close()


def test_a_lost_answer_stops_nothing(arm):
    arm.client.inject("no_reply", count=3)
    assert list(configure.configure(arm.config, BOUNDS, write=False)) == ALL


def test_an_arm_that_holds_is_not_let_go_unless_asked(arm):
    arm.client.write(IDS["elbow"], 64, 1)
    with pytest.raises(DeviceError, match=r"servo 3 \(elbow\) has torque on.*--release"):
        list(configure.configure(arm.config, BOUNDS, write=True))
    assert arm.torque("elbow")
    assert list(configure.configure(arm.config, BOUNDS, write=True, release=True))
    assert not arm.torque("elbow")


def test_homing_offset_and_direction_are_written_where_the_rig_names_them(arm):
    servos = dict(arm.config.servos)
    changes = {"homing_offset_ticks": -100, "reverse": True}
    servos["elbow"] = servos["elbow"].model_copy(update=changes)
    config = arm.config.model_copy(update={"servos": servos})
    lines = list(configure.configure(config, {}, write=False))
    assert "sim://follower_main servo 3 (elbow): Homing Offset (20): 0 -> -100" in lines
    assert "sim://follower_main servo 3 (elbow): Drive Mode (10): 0 -> 1" in lines


def test_a_port_in_use_is_refused(arm):
    list(configure.configure(arm.config, BOUNDS, write=True))
    follower = arm.follower(on_exit="release")
    follower.connect()
    with pytest.raises(BusyError):
        list(configure.configure(arm.config, BOUNDS, write=False))
    follower.close()


def test_command_line_compares_the_whole_rig(arm, capsys):
    rig = str(write_follower_rig(arm.folder, 4_000_000))
    assert configure.main(["--rig", rig, "--arm", "arm9"]) == 2
    assert "no arm 'arm9'" in capsys.readouterr().err
    # The leader of this rig is not there.
    assert configure.main(["--rig", rig]) == 2
    assert "leader_main cannot be opened" in capsys.readouterr().err
