"""Devices as sysfs shows them."""

from support.fake_sysfs import FakeSysfs

from teleop_collect.devices.udev.attached import attached_devices
from teleop_collect.devices.udev.known_usb import UsbKind


def test_each_kind_is_found_with_its_serial_and_node(tmp_path):
    sysfs = FakeSysfs(tmp_path / "sys")
    sysfs.add("1-1", "1d6b", "0002", serial="hub")
    sysfs.add_u2d2("1-2", "FT6S4DSP", "ttyUSB3", latency_ms=16)
    sysfs.add_cdc("1-3.1", "2f5d", "2202", "5E3D7B83", "ttyACM0")
    sysfs.add_spacemouse("1-4", "256f", "c635", "hidraw2")
    sysfs.add_spacemouse("1-5", "046d", "c626", "hidraw3")
    sysfs.add_realsense("2-1", "0b3a", "847112071234")
    dev = tmp_path / "dev"
    dev.mkdir()
    (dev / "ttyUSB3").touch()
    found = {d.usb_path: d for d in attached_devices(sysfs.root, dev)}
    assert {path: (d.model.kind, d.serial, d.node) for path, d in found.items()} == {
        "1-2": (UsbKind.SERVO_ADAPTER, "FT6S4DSP", dev / "ttyUSB3"),
        "1-3.1": (UsbKind.SERVO_ADAPTER, "5E3D7B83", dev / "ttyACM0"),
        "1-4": (UsbKind.SPACEMOUSE, None, dev / "hidraw2"),
        "1-5": (UsbKind.SPACEMOUSE, None, dev / "hidraw3"),
        "2-1": (UsbKind.REALSENSE, "847112071234", dev / "bus" / "usb" / "002" / "007"),
    }
    assert (found["1-2"].latency_ms, found["1-3.1"].latency_ms) == (16.0, None)
    assert (found["1-2"].speed_mbps, found["2-1"].speed_mbps) == (480.0, 5000.0)
    assert (found["1-2"].accessible, found["1-3.1"].accessible) == (True, None)


def test_other_devices_of_the_same_makers_are_left_alone(tmp_path):
    sysfs = FakeSysfs(tmp_path)
    sysfs.add("1-1", "0403", "6001", serial="other FTDI chip")
    sysfs.add("1-2", "046d", "c52b", serial="Logitech receiver")
    sysfs.add("1-3", "8086", "0189", serial="no camera")
    assert attached_devices(tmp_path) == ()


def test_an_adapter_whose_driver_made_no_port_is_still_named(tmp_path):
    sysfs = FakeSysfs(tmp_path)
    sysfs.add("1-1", "0403", "6014", serial="FT1")
    (device,) = attached_devices(tmp_path)
    assert (device.serial, device.node, device.accessible) == ("FT1", None, None)


def test_a_machine_without_usb_has_no_devices(tmp_path):
    assert attached_devices(tmp_path) == ()
