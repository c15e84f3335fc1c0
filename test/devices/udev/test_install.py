"""Putting a rules file in place, with and without the right to."""

import os

import pytest
from support.permissions import without_rights

from teleop_collect.devices.udev.install import (
    RulesFile,
    reload_udev,
    rules_path,
    sudo_command,
    write_rules,
)
from teleop_collect.errors import ConfigError, TeleopCollectError


def fake_udevadm(folder, exit_code=0):
    """A udevadm on the PATH that notes its arguments."""
    folder.mkdir()
    program = folder / "udevadm"
    log = folder / "log"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\necho "no daemon" >&2\nexit {exit_code}\n')
    program.chmod(0o755)
    return log


def test_one_file_a_rig_numbered_below_the_rule_that_reads_uaccess(tmp_path):
    assert rules_path(tmp_path, None) == tmp_path / "70-teleop_collect.rules"
    assert rules_path(tmp_path, "aloha") == tmp_path / "70-teleop_collect-aloha.rules"


def test_the_file_is_written_whole_readable_by_all_and_nothing_else_stays(tmp_path):
    file = RulesFile(tmp_path / "70-a.rules", "# rules\n")
    assert not file.is_current
    write_rules(file, "unused")
    assert file.is_current
    assert file.path.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["70-a.rules"]


def test_without_the_right_to_write_the_command_is_shown_and_nothing_changes(tmp_path):
    folder = tmp_path / "rules.d"
    folder.mkdir()
    file = RulesFile(folder / "70-a.rules", "# rules\n")
    command = sudo_command(["teleop-collect", "udev", "print", "--rig", "my rig.yaml"], file.path)
    with without_rights(folder), pytest.raises(ConfigError) as raised:
        write_rules(file, command)
    assert list(folder.iterdir()) == []
    assert str(raised.value) == (
        f"{file.path} may be written by root alone; nothing was changed. Run:\n"
        "  teleop-collect udev print --rig 'my rig.yaml' | "
        f"sudo tee {file.path} >/dev/null && sudo udevadm control --reload-rules && "
        "sudo udevadm trigger --subsystem-match=usb --subsystem-match=tty "
        "--subsystem-match=hidraw --subsystem-match=video4linux"
    )


def test_a_machine_without_udev_is_named_as_such(tmp_path):
    file = RulesFile(tmp_path / "absent" / "70-a.rules", "# rules\n")
    with pytest.raises(ConfigError, match=r"cannot be written: No such file.*is udev installed"):
        write_rules(file, "unused")


def test_udev_reads_its_rules_and_applies_them(tmp_path, monkeypatch):
    log = fake_udevadm(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    reload_udev()
    assert log.read_text().splitlines() == [
        "control --reload-rules",
        "trigger --subsystem-match=usb --subsystem-match=tty --subsystem-match=hidraw "
        "--subsystem-match=video4linux",
    ]


def test_a_udevadm_that_fails_is_reported(tmp_path, monkeypatch):
    fake_udevadm(tmp_path / "bin", exit_code=1)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(
        TeleopCollectError, match=r"rules are written, but .*--reload-rules.*no dae"
    ):
        reload_udev()


def test_without_udevadm_the_person_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TeleopCollectError, match=r"udevadm is not installed.*replugging"):
        reload_udev()
