"""The exact text of rules, from a fake sysfs."""

from pathlib import Path

import pytest
from support.fake_sysfs import FakeSysfs

from teleop_collect.devices.udev.attached import attached_devices
from teleop_collect.devices.udev.links import PortLink
from teleop_collect.devices.udev.rules import general_rules, rules_for
from teleop_collect.devices.udev.survey import GENERAL_RULES

ROOT = Path(__file__).resolve().parents[3]
LEFT = PortLink("FT1", "ttyDXL_leader_left", "leader of arm left", "/dev/ttyDXL_leader_left")


@pytest.fixture
def sysfs(tmp_path):
    return FakeSysfs(tmp_path)


def rules_of(text):
    """The rules alone, without comments, labels and blank lines."""
    return [line for line in text.splitlines() if line.startswith("SUBSYSTEM")]


def test_the_whole_file_of_one_arm_of_a_rig(sysfs):
    sysfs.add_u2d2("1-2", "FT1", "ttyUSB0")
    assert rules_for(attached_devices(sysfs.root), [LEFT], "aloha") == (
        "# Written by `teleop-collect udev` for rig aloha; the next install replaces it.\n"
        '# Must stay numbered below 73: later, TAG+="uaccess" has no effect.\n'
        'ACTION=="remove", GOTO="teleop_collect_end"\n'
        "\n"
        "# U2D2 FT1: leader of arm left\n"
        'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="0403", '
        'ATTR{idProduct}=="6014", ATTR{serial}=="FT1", ENV{ID_MM_DEVICE_IGNORE}="1"\n'
        'SUBSYSTEM=="tty", ATTRS{idVendor}=="0403", ATTRS{idProduct}=="6014", '
        'ATTRS{serial}=="FT1", SYMLINK+="ttyDXL_leader_left", GROUP="dialout", MODE="0660", '
        'TAG+="uaccess", ENV{ID_MM_DEVICE_IGNORE}="1", ATTR{device/latency_timer}="1"\n'
        "\n"
        'LABEL="teleop_collect_end"\n'
    )


def test_an_adapter_that_no_rig_names_is_linked_by_its_serial(sysfs):
    sysfs.add_cdc("1-3", "2f5d", "2202", "5E3D", "ttyACM0")
    _, tty = rules_of(rules_for(attached_devices(sysfs.root)))
    assert tty == (
        'SUBSYSTEM=="tty", ATTRS{idVendor}=="2f5d", ATTRS{idProduct}=="2202", '
        'ATTRS{serial}=="5E3D", SYMLINK+="ttyDXL_5E3D", GROUP="dialout", MODE="0660", '
        'TAG+="uaccess", ENV{ID_MM_DEVICE_IGNORE}="1"'
    )


def test_an_adapter_without_a_serial_number_gets_access_but_no_symlink(sysfs):
    sysfs.add_u2d2("1-2", None, "ttyUSB0")
    _, tty = rules_of(rules_for(attached_devices(sysfs.root)))
    assert "SYMLINK" not in tty
    assert "serial" not in tty
    assert 'ATTR{device/latency_timer}="1"' in tty


def test_mice_and_cameras_are_matched_by_number_once_for_all_of_them(sysfs):
    sysfs.add_spacemouse("1-4", "256f", "c635", "hidraw2")
    sysfs.add_spacemouse("1-5", "046d", "c626", "hidraw3")
    sysfs.add_realsense("2-1", "0b3a", "1")
    sysfs.add_realsense("2-2", "0b07", "2")
    cameras = "0ad[1-6]|0af6|0afe|0aff|0b??"
    assert rules_of(rules_for(attached_devices(sysfs.root))) == [
        'SUBSYSTEM=="hidraw", ATTRS{idVendor}=="256f", GROUP="plugdev", MODE="0660", '
        'TAG+="uaccess"',
        'SUBSYSTEM=="hidraw", ATTRS{idVendor}=="046d", ATTRS{idProduct}=="c62?", '
        'GROUP="plugdev", MODE="0660", TAG+="uaccess"',
        'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="8086", '
        f'ATTR{{idProduct}}=="{cameras}", GROUP="plugdev", MODE="0660", TAG+="uaccess"',
        f'SUBSYSTEM=="video4linux", ATTRS{{idVendor}}=="8086", ATTRS{{idProduct}}=="{cameras}", '
        'GROUP="video", MODE="0660", TAG+="uaccess"',
    ]


def test_a_device_cannot_write_rules_through_its_serial_number(sysfs):
    evil = 'X", RUN+="/bin/sh\nSUBSYSTEM=="tty", MODE="0666" \\'
    sysfs.add_u2d2("1-2", evil, "ttyUSB0")
    text = rules_for(attached_devices(sysfs.root))
    assert len(rules_of(text)) == 2
    assert "RUN+" not in text
    assert '0666"' not in text
    assert not any(line.endswith("\\") for line in text.splitlines())
    assert 'ATTR{serial}=="X???RUN????bin?sh?SUBSYSTEM???tty???MODE??0666???"' in text


def test_every_value_is_quoted_and_every_line_is_a_known_kind(sysfs):
    sysfs.add_u2d2("1-2", "FT1", "ttyUSB0")
    for text in (general_rules(), rules_for(attached_devices(sysfs.root), [LEFT], "aloha")):
        for line in filter(None, text.splitlines()):
            assert line.startswith(("#", "SUBSYSTEM", "ACTION", "LABEL"))
            assert line.startswith("#") or line.count('"') % 2 == 0


def test_the_shipped_file_is_what_the_table_of_devices_says():
    shipped = ROOT / GENERAL_RULES
    assert shipped.read_text() == general_rules()
    assert int(shipped.name.split("-")[0]) < 73
