"""Symlinks from the rig file's ports."""

import pytest
from support.rig_files import write_rig

from teleop_collect.devices.udev.links import links_of
from teleop_collect.errors import ConfigError
from teleop_collect.rig.load import load_rig
from teleop_collect.rig.share import shipped_rigs

ARM = "    urdf: robot.urdf\n"


def rig_with_port(folder, port):
    return load_rig(str(write_rig(folder, ("port: sim://tiny", f"port: {port}")))).rig


@pytest.mark.parametrize(
    ("port", "name", "agrees"),
    [
        ("/dev/ttyDXL_leader_left", "ttyDXL_leader_left", True),
        ("/dev/ttyUSB0", "ttyDXL_leader_main", False),
        ("/dev/ttyACM12", "ttyDXL_leader_main", False),
        ("/dev/serial/by-id/usb-FTDI_FT1-if00-port0", "ttyDXL_leader_main", True),
    ],
)
def test_the_link_takes_the_ports_name_unless_the_kernel_deals_it_out(tmp_path, port, name, agrees):
    (link,) = links_of(rig_with_port(tmp_path, port))
    assert (link.serial, link.name, link.used_by) == ("L1", name, "leader of arm main")
    assert link.agrees is agrees


def test_an_emulated_port_needs_no_link(tmp_path):
    assert links_of(rig_with_port(tmp_path, "sim://tiny")) == ()


@pytest.mark.parametrize("name", sorted(shipped_rigs()))
def test_the_ports_of_shipped_rig_files_are_the_links_that_their_adapters_get(name):
    links = links_of(load_rig(name).rig)
    assert [link for link in links if not link.agrees] == []


def test_aloha_has_four_adapters():
    assert [link.name for link in links_of(load_rig("aloha").rig)] == [
        "ttyDXL_leader_left",
        "ttyDXL_follower_left",
        "ttyDXL_leader_right",
        "ttyDXL_follower_right",
    ]


def test_two_ports_with_one_serial_are_refused(tmp_path):
    rig = rig_with_port(tmp_path, "/dev/ttyDXL_a")
    twin = rig.arms["main"].model_copy(
        update={
            "leader": rig.arms["main"].leader.model_copy(update={"port": "/dev/ttyDXL_b"}),
            "prefix": "twin",
        }
    )
    both = rig.model_copy(update={"arms": {**rig.arms, "twin": twin}})
    with pytest.raises(ConfigError, match=r"leader of arm main and leader of arm twin.*'L1'"):
        links_of(both)
