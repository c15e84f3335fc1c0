"""What a rig misses on this machine ends in one message before a process is started."""

import fcntl
import os
import pty
import re
import sys
from pathlib import Path

import pytest

from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.cli.main import main
from teleop_collect.errors import install_command
from teleop_collect.rig.load import load_rig


@pytest.fixture(autouse=True)
def own_domain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    number, lock = claim_free_domain()
    lock.close()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "run"))


def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, *arguments: str) -> str:
    """The one line with which a command refuses; nothing was started."""
    root = tmp_path / "root"
    assert main([*arguments, "--root", str(root)]) == 2
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert not (root / "logs").exists()
    return text


@pytest.mark.parametrize(
    ("verb", "rig", "library", "extra"),
    [
        ("up", "sim_tabletop", "rclpy", "ros"),
        ("up", "sim_tabletop", "mujoco", "sim"),
        ("up", "sim_tabletop", "pinocchio", "sim"),
        ("up", "koch_v1_1", "dynamixel_sdk", "dynamixel"),
        ("demo", "sim_tabletop", "mujoco", "sim"),
        ("demo", "sim_tabletop", "av", "lerobot"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    verb: str, rig: str, library: str, extra: str, monkeypatch, capsys, tmp_path: Path
):
    monkeypatch.setitem(sys.modules, library, None)

    text = refused(capsys, tmp_path, verb, "--rig", rig)

    assert f"{library} is not installed" in text
    assert install_command(extra) in text


def test_a_rehearsal_with_real_cameras_needs_their_library(monkeypatch, capsys, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)

    text = refused(capsys, tmp_path, "up", "--rig", "aloha", "--emulate")

    assert install_command("realsense") in text


def test_a_port_that_another_program_has_is_named_with_it(capsys, tmp_path: Path):
    master, slave = pty.openpty()
    try:
        fcntl.flock(slave, fcntl.LOCK_EX)
        shipped = load_rig("koch_v1_1")
        text, replaced = re.subn(
            r"(leader:.*?port: )\S+",
            rf"\g<1>{os.ttyname(slave)}",
            shipped.text,
            count=1,
            flags=re.S,
        )
        assert replaced == 1
        rig = tmp_path / "busy.yaml"
        rig.write_text(text)
        said = refused(capsys, tmp_path, "up", "--rig", str(rig))
    finally:
        os.close(slave)
        os.close(master)

    assert f"is in use by process {os.getpid()}; stop it first" in said
