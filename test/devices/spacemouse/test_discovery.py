"""Which mouse a rig file means, and what a person reads when it is not there."""

import os
import sys

import pytest
from easyhid import easyhid
from support.emulated_mouse import isolated_hid

from teleop_collect.clock import FakeClock
from teleop_collect.devices.registry import create_twist_source
from teleop_collect.devices.spacemouse import emulated_hidapi
from teleop_collect.devices.spacemouse.discovery import attached_mice, hid_devices
from teleop_collect.devices.spacemouse.driver import SpaceMouse
from teleop_collect.devices.spacemouse.emulator import EmulatedMouse
from teleop_collect.devices.spacemouse.reports import (
    SPACE_MOUSE_ENTERPRISE,
    SPACE_MOUSE_WIRELESS,
    SPACE_NAVIGATOR,
    WIRELESS_BY_RECEIVER,
    MouseModel,
)
from teleop_collect.errors import (
    ConfigError,
    DeviceDisconnected,
    DeviceError,
    MissingExtraError,
    MissingSystemLibraryError,
)
from teleop_collect.rig.config import SpaceMouseLeader


@pytest.fixture(autouse=True)
def _own_hid(monkeypatch, tmp_path):
    isolated_hid(monkeypatch, tmp_path)


@pytest.fixture
def plugged(tmp_path):
    """Plugs mice in, named by their paths below the test's folder."""
    mice = []

    def plug(name: str, model: MouseModel, serial: str = "") -> str:
        path = tmp_path / name
        mice.append(EmulatedMouse(path, model, serial))
        emulated_hidapi.install(path)
        return str(path)

    yield plug
    for mouse in mice:
        mouse.close()


def source(**config: str) -> SpaceMouse:
    return SpaceMouse(SpaceMouseLeader(driver="spacemouse", **config), FakeClock())


def connect_refused(error: type[Exception], **config: str) -> str:
    with pytest.raises(error) as caught:
        source(**config).connect()
    return str(caught.value)


def test_the_only_mouse_needs_no_name(plugged):
    path = plugged("a", SPACE_NAVIGATOR)
    mouse = source()
    mouse.connect()
    assert str(mouse.mouse) == f"SpaceNavigator at {path}"
    mouse.close()


def test_two_mice_are_listed_and_told_apart_by_serial_model_or_path(plugged, tmp_path):
    left = plugged("left", SPACE_NAVIGATOR, "L1")
    right = plugged("right", SPACE_MOUSE_WIRELESS, "R2")
    assert connect_refused(DeviceError) == (
        f"2 SpaceMice fit the rig file: SpaceNavigator at {left}, serial L1; "
        f"SpaceMouseWireless at {right}, serial R2; name one by serial or path below leader"
    )
    link = tmp_path / "by_udev"
    os.symlink(right, link)
    for chosen, config in {
        left: {"serial": "L1"},
        right: {"model": "SpaceMouseWireless"},
        str(right): {"path": str(link)},
    }.items():
        mouse = source(**config)
        mouse.connect()
        assert mouse.mouse.paths == (chosen,)
        mouse.close()


def test_an_absent_mouse_is_named_with_those_that_are_there(plugged):
    assert connect_refused(DeviceDisconnected, path="sim://none").endswith(
        "/rt/none is attached; plug it in"
    )
    path = plugged("a", SPACE_NAVIGATOR, "L1")
    assert connect_refused(DeviceDisconnected, serial="X9", model="SpaceNavigator") == (
        "no SpaceMouse with model SpaceNavigator, serial X9 is attached; "
        f"attached: SpaceNavigator at {path}, serial L1; correct the rig file"
    )


def test_a_model_that_the_library_does_not_know_is_named_by_its_ids(plugged):
    plugged("new", MouseModel("Future", 0x256F, 0xC6FF, combined=True))
    plugged("keyboard", MouseModel("Keyboard", 0x1234, 0x0001, combined=True))
    assert connect_refused(DeviceDisconnected) == (
        "no SpaceMouse is attached; pyspacemouse does not know the attached 256f:c6ff"
    )


def test_two_receivers_without_serial_numbers_are_two_mice(plugged):
    left = plugged("left", WIRELESS_BY_RECEIVER)
    right = plugged("right", WIRELESS_BY_RECEIVER)
    mice = attached_mice(hid_devices())
    assert [mouse.paths[0] for mouse in mice] == [left, right]
    assert [len(mouse.interfaces) for mouse in mice] == [5, 5]
    mouse = source(path=right)
    mouse.connect()
    assert mouse.mouse.paths[0] == right
    mouse.close()


def test_an_interface_that_is_listed_for_each_usage_is_one_mouse(plugged):
    path = plugged("a", SPACE_MOUSE_ENTERPRISE)
    assert len(easyhid.Enumeration().device_list) == 2
    (mouse,) = attached_mice(hid_devices())
    assert mouse.paths == (path,)


def test_an_unknown_model_name_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"'SpaceNavigater' is not known; known: SpaceNavigator"):
        source(model="SpaceNavigater")


def test_missing_hidapi_is_one_message_with_the_package(monkeypatch):
    # What easyhid itself falls back to when the library is not there.
    monkeypatch.setattr(easyhid, "hidapi", easyhid.ffi.dlopen(None))
    assert connect_refused(MissingSystemLibraryError) == (
        "libhidapi-hidraw.so.0 is not installed; install it with: "
        "sudo apt install libhidapi-hidraw0"
    )


def test_missing_pyspacemouse_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspacemouse", None)
    with pytest.raises(MissingExtraError, match=r"pyspacemouse.*\[spacemouse\]"):
        source()


def test_the_registry_makes_a_space_mouse_with_its_frame(plugged):
    plugged("a", SPACE_NAVIGATOR)
    config = SpaceMouseLeader(driver="spacemouse")
    mouse = create_twist_source(config, FakeClock(), "tool0")
    mouse.connect()
    assert mouse.read().frame_id == "tool0"
    mouse.close()
