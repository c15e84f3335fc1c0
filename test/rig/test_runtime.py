"""The runtime folder: private to one user and domain, or refused."""

import os

import pytest

from teleop_collect.errors import ConfigError
from teleop_collect.rig.runtime import control_socket, device_path, runtime_dir, sim_state_path


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("TELEOP_COLLECT_RUNTIME", "XDG_RUNTIME_DIR", "ROS_DOMAIN_ID"):
        monkeypatch.delenv(name, raising=False)


def test_configured_folder_is_made_private(tmp_path, monkeypatch):
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "a" / "b"))
    assert runtime_dir() == tmp_path / "a" / "b"
    assert runtime_dir().stat().st_mode & 0o777 == 0o700


def test_session_folder_holds_one_folder_a_domain(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_dir() == tmp_path / "teleop_collect-0"
    monkeypatch.setenv("ROS_DOMAIN_ID", "42")
    assert runtime_dir() == tmp_path / "teleop_collect-42"


@pytest.mark.parametrize("session", [None, "missing"])
def test_falls_back_to_the_temporary_folder(tmp_path, monkeypatch, session):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / session))
    assert runtime_dir() == tmp_path / f"teleop_collect-{os.getuid()}-0"


def test_a_symlink_is_refused(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "link"))
    with pytest.raises(ConfigError, match="symlink"):
        runtime_dir()


def test_a_folder_that_others_may_write_to_is_refused(tmp_path, monkeypatch):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "open"))
    with pytest.raises(ConfigError, match="chmod 700"):
        runtime_dir()


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    (tmp_path / "rt").mkdir(mode=0o700)
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "rt"))
    monkeypatch.setattr("os.getuid", lambda: 4_294_967_000)
    with pytest.raises(ConfigError, match="belongs to user"):
        runtime_dir()


def test_a_file_in_its_place_is_refused(tmp_path, monkeypatch):
    (tmp_path / "rt").touch()
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "rt"))
    with pytest.raises(ConfigError, match="cannot be made"):
        runtime_dir()


def test_a_wrong_domain_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("ROS_DOMAIN_ID", "../x")
    with pytest.raises(ConfigError, match="ROS_DOMAIN_ID"):
        runtime_dir()


def test_ports_become_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "rt"))
    assert device_path("/dev/ttyUSB0").as_posix() == "/dev/ttyUSB0"
    assert device_path("sim://leader_main") == tmp_path / "rt" / "leader_main"
    assert control_socket("sim://leader_main") == tmp_path / "rt" / "leader_main.sock"
    assert sim_state_path() == tmp_path / "rt" / "sim_state"


@pytest.mark.parametrize("port", ["sim://", "sim://../x", "sim://A", "sim://a/b", "sim://a.sock"])
def test_names_that_could_leave_the_folder_are_refused(port):
    with pytest.raises(ConfigError, match="sim://NAME"):
        device_path(port)


def test_a_real_port_has_no_control_socket():
    with pytest.raises(ConfigError, match="not an emulated port"):
        control_socket("/dev/ttyUSB0")


def test_a_path_too_long_for_a_socket_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / ("x" * 90)))
    with pytest.raises(ConfigError, match=r"may have 107; set TELEOP_COLLECT_RUNTIME"):
        control_socket("sim://leader_main")
