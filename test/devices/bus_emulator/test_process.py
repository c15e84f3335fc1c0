"""The emulator as a process: port, socket, commands, one per port, clean end."""

import json
import signal
import socket

import pytest
from support.emulated_arm import emulated_arm, wait_for

from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.errors import ConfigError, DeviceDisconnected


@pytest.fixture(scope="module")
def arm():
    with emulated_arm() as arm:
        yield arm


def test_starts_at_the_pose_that_maps_to_the_followers_home(arm):
    # The follower's gripper opens 0.04 m at home, with a scale of 0.04: leader 1 rad.
    assert arm.client.status()["positions"]["gripper"] == pytest.approx(1.0)


def test_port_is_a_link_to_a_terminal_and_the_socket_is_private(arm):
    assert arm.path.is_symlink()
    assert arm.path.resolve().is_char_device()
    assert arm.socket.stat().st_mode & 0o777 == 0o600


def test_plays_reports_progress_and_comes_to_rest(arm):
    started = arm.client.play(
        {"rate_hz": 100, "joints": ["elbow"], "positions": [[0.01 * i] for i in range(21)]}
    )
    assert started["duration_s"] == pytest.approx(0.2)
    status = arm.client.status()
    assert status["playing"]
    assert 0 <= status["t_s"] < 0.2
    wait_for(lambda: not arm.client.status()["playing"])
    assert arm.client.status()["positions"]["elbow"] == pytest.approx(0.2)


def test_stop_ends_the_movement(arm):
    arm.client.play({"rate_hz": 1, "joints": ["elbow"], "positions": [[0.0], [1.0], [2.0]]})
    arm.client.stop()
    assert not arm.client.status()["playing"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"cmd": "dance"}', "no command 'dance'"),
        (b'{"cmd": "play"}', "rate_hz"),
        (b'{"cmd": "set_pose", "positions": {"knee": 1}}', "knee"),
        (b'{"cmd": "set_pose"}', "positions"),
        (b'{"cmd": "inject", "kind": "fire"}', "no fault 'fire'"),
        (b'{"cmd": "inject", "kind": "no_reply", "count": 0}', "count"),
        (b'{"cmd": "inject", "kind": "late_reply", "delay_s": -1}', "delay_s"),
        (b'{"cmd": "silence", "id": 200}', "no servo 200"),
        (b'{"cmd": "hardware_error", "id": 1, "status": 999}', "status"),
    ],
)
def test_wrong_commands_get_a_reason_and_change_nothing(arm, line, fault):
    before = arm.client.status()["positions"]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(arm.socket))
        connection.sendall(line + b"\n")
        answer = json.loads(connection.makefile().readline())
    assert answer["ok"] is False
    assert fault in answer["error"]
    assert arm.client.status()["positions"] == before


def test_client_raises_what_the_emulator_refuses(arm):
    with pytest.raises(ConfigError, match="knee"):
        arm.client.set_pose({"knee": 0.0})


def test_two_clients_at_once(arm):
    other = EmulatorClient(arm.socket)
    assert other.status()["plugged"]
    assert arm.client.status()["plugged"]
    other.close()
    assert arm.client.status()["plugged"]


def test_a_second_emulator_on_the_port_is_refused(arm):
    second = arm.start()
    _, message = second.communicate(timeout=20)
    assert second.returncode == 2
    assert str(arm.path) in message
    assert "already" in message
    assert arm.client.status()["plugged"]


def test_an_unknown_arm_is_refused(arm):
    arm.command[arm.command.index("main")] = "left"
    wrong = arm.start()
    _, message = wrong.communicate(timeout=20)
    arm.command[arm.command.index("left")] = "main"
    assert wrong.returncode == 2
    assert "it has main" in message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_on_a_signal(number):
    with emulated_arm() as arm:
        assert arm.stop(number) == 0
        assert [path.name for path in arm.folder.iterdir()] == ["rig.yaml"]
        with pytest.raises(DeviceDisconnected, match="no emulator listens"):
            arm.client.status()


def test_starts_again_after_a_kill_left_its_files_behind():
    with emulated_arm() as arm:
        arm.stop(signal.SIGKILL)
        assert arm.socket.exists()
        arm.process = arm.start()
        wait_for(arm.answers)
        assert arm.client.status()["plugged"]
