"""A port that this user may not open."""

import os

import pytest
from support.permissions import without_rights

from teleop_collect.devices.dynamixel.port import BusPort
from teleop_collect.errors import DeviceDisconnected


def test_the_message_says_what_to_run_and_the_port_opens_once_it_may(tmp_path):
    _, terminal = os.openpty()
    device = tmp_path / "ttyDXL_leader"
    device.symlink_to(os.ttyname(terminal))
    port = BusPort(str(device), 1_000_000)
    with (
        without_rights(device.resolve()),
        pytest.raises(
            DeviceDisconnected, match=r"ttyDXL_leader may not .*`teleop-collect udev ins"
        ),
    ):
        port.open()
    port.open()
    port.close()
