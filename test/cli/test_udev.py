"""The verb `udev`, on a fake sysfs."""

import json
import os

import pytest
from support.fake_sysfs import FakeSysfs
from support.rig_files import write_rig

from teleop_collect.cli.main import main


@pytest.fixture
def sysfs(tmp_path):
    return FakeSysfs(tmp_path / "sys")


@pytest.fixture
def rig(tmp_path):
    (tmp_path / "rig").mkdir()
    return str(write_rig(tmp_path / "rig", ("port: sim://tiny", "port: /dev/ttyUSB0")))


@pytest.fixture
def udevadm(tmp_path, monkeypatch):
    """A udevadm that notes its calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "udevadm").write_text(f'#!/bin/sh\necho "$1" >> {folder}/log\n')
    (folder / "udevadm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder / "log"


@pytest.fixture
def sudo(tmp_path, monkeypatch):
    """A sudo that must never be called; the file that a call leaves."""
    folder = tmp_path / "sudo"
    folder.mkdir()
    (folder / "sudo").write_text(f"#!/bin/sh\ntouch {folder}/called\n")
    (folder / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder / "called"


def udev(sysfs, action, *options):
    return main(["udev", action, "--sysfs", str(sysfs.root), *map(str, options)])


def test_print_writes_the_rules_on_stdout_and_advice_on_stderr(sysfs, rig, capsys):
    sysfs.add_u2d2("1-2", "L1", "ttyUSB0")
    assert udev(sysfs, "print", "--rig", rig) == 0
    shown = capsys.readouterr()
    assert 'ATTRS{serial}=="L1", SYMLINK+="ttyDXL_leader_main"' in shown.out
    assert shown.out.startswith("# Written by")
    assert "leader of arm main: the rig file opens /dev/ttyUSB0" in shown.err
    assert "write port: /dev/ttyDXL_leader_main" in shown.err


def test_json_tells_every_device(sysfs, rig, capsys):
    sysfs.add_u2d2("1-2", "L1", "ttyUSB0", latency_ms=16)
    sysfs.add_spacemouse("1-4", "256f", "c635", "hidraw2")
    assert udev(sysfs, "print", "--rig", rig, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    adapter, mouse = facts["devices"]
    assert adapter["used_by"] == "leader of arm main"
    assert adapter["symlink"] == "/dev/ttyDXL_leader_main"
    assert (adapter["latency_ms"], adapter["usb_id"]) == (16.0, "0403:6014")
    assert (mouse["kind"], mouse["symlink"], mouse["serial"]) == ("spacemouse", None, None)
    assert facts["rig"] == "tiny"


def test_install_shows_first_and_writes_nothing(sysfs, rig, tmp_path, udevadm, sudo, capsys):
    sysfs.add_u2d2("1-2", "L1", "ttyUSB0")
    rules_dir = tmp_path / "rules.d"
    rules_dir.mkdir()
    assert udev(sysfs, "install", "--rig", rig, "--rules-dir", rules_dir) == 0
    shown = capsys.readouterr().out
    target = rules_dir / "70-teleop_collect-tiny.rules"
    assert f"{target} would become:" in shown
    assert 'SYMLINK+="ttyDXL_leader_main"' in shown
    assert "udevadm control --reload-rules" in shown
    assert list(rules_dir.iterdir()) == []
    assert not udevadm.exists()
    assert not sudo.exists()


def test_install_yes_writes_reloads_and_then_has_nothing_to_do(
    sysfs, rig, tmp_path, udevadm, sudo, capsys
):
    sysfs.add_u2d2("1-2", "L1", "ttyUSB0")
    command = ("install", "--rig", rig, "--rules-dir", tmp_path, "--yes")
    assert udev(sysfs, *command) == 0
    target = tmp_path / "70-teleop_collect-tiny.rules"
    assert 'ATTR{device/latency_timer}="1"' in target.read_text()
    assert udevadm.read_text().split() == ["control", "trigger"]
    assert f"Wrote {target}" in capsys.readouterr().out
    assert udev(sysfs, *command) == 0
    assert "up to date" in capsys.readouterr().out
    assert udevadm.read_text().split() == ["control", "trigger"]
    assert not sudo.exists()


def test_install_json_says_what_was_done(sysfs, tmp_path, udevadm, capsys):
    sysfs.add_u2d2("1-2", "L1", "ttyUSB0")
    assert udev(sysfs, "install", "--rules-dir", tmp_path, "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["changes"], plan["written"]) == (True, False)
    assert udev(sysfs, "install", "--rules-dir", tmp_path, "--json", "--yes") == 0
    assert json.loads(capsys.readouterr().out)["written"] is True
    assert (tmp_path / "70-teleop_collect.rules").is_file()


def test_an_adapter_of_the_rig_that_is_not_attached_is_named_with_what_is(sysfs, rig, capsys):
    sysfs.add_u2d2("1-2", "FT9", "ttyUSB4")
    assert udev(sysfs, "print", "--rig", rig) == 1
    message = capsys.readouterr().err
    assert "leader of arm main: no attached adapter has serial 'L1'" in message
    assert "FT9 (U2D2, /dev/ttyUSB4)" in message


def test_two_adapters_with_one_serial_number_cannot_be_told_apart(sysfs, rig, capsys):
    sysfs.add_u2d2("1-2", "L1", "ttyUSB0")
    sysfs.add_u2d2("1-3", "L1", "ttyUSB1")
    assert udev(sysfs, "print", "--rig", rig) == 1
    assert "more than one attached adapter has serial 'L1'" in capsys.readouterr().err


def test_a_rigs_mouse_and_cameras_get_their_rules_before_they_are_plugged_in(
    sysfs, tmp_path, capsys
):
    camera = "driver: realsense\n    serial: '123'"
    rig = write_rig(
        tmp_path,
        ("port: sim://tiny", "port: /dev/ttyDXL_main"),
        ("driver: sim\n    width: 64", f"{camera}\n    width: 64"),
        ("    fovy_rad: 0.9\n", ""),
    )
    sysfs.add_u2d2("1-2", "L1", "ttyUSB0")
    assert udev(sysfs, "print", "--rig", rig) == 0
    shown = capsys.readouterr()
    assert 'SYMLINK+="ttyDXL_main"' in shown.out
    assert 'SUBSYSTEM=="video4linux", ATTRS{idVendor}=="8086"' in shown.out
    assert "hidraw" not in shown.out
    assert shown.err == ""


def test_nothing_attached_names_the_shipped_file(sysfs, capsys):
    assert udev(sysfs, "print") == 1
    message = capsys.readouterr().err
    assert "no supported USB device is attached" in message
    assert "U2D2 0403:6014" in message
    assert "udev/70-teleop_collect.rules /etc/udev/rules.d/" in message


def test_an_adapter_without_a_serial_number_is_pointed_out(sysfs, capsys):
    sysfs.add_u2d2("1-2", None, "ttyUSB0")
    assert udev(sysfs, "print") == 0
    assert "at USB 1-2 has no serial number" in capsys.readouterr().err
