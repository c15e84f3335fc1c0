"""Driver names to classes."""

import sys

import pytest

from teleop_collect.clock import SystemClock
from teleop_collect.devices.dynamixel.leader import DynamixelLeader
from teleop_collect.devices.registry import DRIVERS, DeviceKind, create_leader, driver_class
from teleop_collect.errors import ConfigError, MissingExtraError
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig
from teleop_collect.rig.config import Servo

CONFIG = LeaderConfig(
    serial="TEST", port="sim://leader_main", servos={"elbow": Servo(id=1, model="XL330-M288")}
)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, drivers in DRIVERS.items() for name in drivers]
)
def test_every_registered_driver_can_be_imported(kind, name):
    assert isinstance(driver_class(kind, name), type)


def test_an_unknown_driver_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"leader driver 'dynamixle'.*did you mean dynamixel"):
        driver_class(DeviceKind.LEADER, "dynamixle")


def test_a_leader_opens_the_emulated_port_of_the_runtime_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "rt"))
    leader = create_leader(CONFIG, SystemClock())
    assert isinstance(leader, DynamixelLeader)
    with pytest.raises(Exception, match=str(tmp_path / "rt" / "leader_main")):
        leader.connect()


def test_a_missing_library_names_the_extra_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TELEOP_COLLECT_RUNTIME", str(tmp_path / "rt"))
    monkeypatch.setitem(sys.modules, "dynamixel_sdk", None)
    with pytest.raises(MissingExtraError, match=r"dynamixel_sdk.*\[dynamixel\]"):
        create_leader(CONFIG, SystemClock())
