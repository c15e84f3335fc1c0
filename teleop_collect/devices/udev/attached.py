"""Finds the supported USB devices that are attached, by reading sysfs."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.devices.udev.known_usb import UsbKind, UsbModel, model_of

SYSFS = Path("/sys")
DEV = Path("/dev")
NODE_PATTERNS = {
    UsbKind.SERVO_ADAPTER: ("*:*/tty/tty*", "*:*/tty*/tty/tty*"),
    UsbKind.SPACEMOUSE: ("*:*/*/hidraw/hidraw*",),
}
"""Where a USB device's character devices stand below its folder (CDC and usb-serial; HID)."""


@dataclass(frozen=True)
class AttachedDevice:
    """One device as sysfs shows it; None is what it does not tell.

    Attributes:
        model: its family.
        usb_path: place in the USB tree, e.g. `1-4.2`.
        vendor: vendor number, four hex digits.
        product: product number, four hex digits.
        serial: serial number of its USB descriptor. A RealSense camera's is that of its chip, not
            the one printed on it and used by librealsense.
        name: product name of its USB descriptor.
        node: its device file.
        accessible: whether this process may read and write `node`.
        speed_mbps: negotiated USB speed, Mbit/s.
        latency_ms: latency timer of an FTDI chip, ms.
    """

    model: UsbModel
    usb_path: str
    vendor: str
    product: str
    serial: str | None
    name: str | None
    node: Path | None
    accessible: bool | None
    speed_mbps: float | None
    latency_ms: float | None


def attached_devices(sysfs: Path = SYSFS, dev: Path = DEV) -> tuple[AttachedDevice, ...]:
    """All supported devices that are attached, in the order of the USB tree.

    Args:
        sysfs: where sysfs is mounted.
        dev: the folder of device files.
    """
    folders = sorted((sysfs / "bus" / "usb" / "devices").glob("*"))
    return tuple(device for folder in folders for device in _devices_at(folder, dev))


def _devices_at(folder: Path, dev: Path) -> Iterator[AttachedDevice]:
    vendor, product = _text(folder / "idVendor"), _text(folder / "idProduct")
    if vendor is None or product is None or (model := model_of(vendor, product)) is None:
        return
    ports = [port for pattern in NODE_PATTERNS.get(model.kind, ()) for port in folder.glob(pattern)]
    nodes = [dev / port.name for port in sorted(ports)]
    if model.kind is UsbKind.REALSENSE and (usb_node := _usb_node(folder, dev)) is not None:
        nodes = [usb_node]
    node = nodes[0] if nodes else None
    yield AttachedDevice(
        model=model,
        usb_path=folder.name,
        vendor=vendor,
        product=product,
        serial=_text(folder / "serial"),
        name=_text(folder / "product"),
        node=node,
        accessible=_accessible(node),
        speed_mbps=_number(folder / "speed"),
        latency_ms=_latency_ms(ports),
    )


def _accessible(node: Path | None) -> bool | None:
    """None where the kernel announces a device file that udev has not made."""
    if node is None or not node.exists():
        return None
    return os.access(node, os.R_OK | os.W_OK)


def _usb_node(folder: Path, dev: Path) -> Path | None:
    bus, number = _number(folder / "busnum"), _number(folder / "devnum")
    if bus is None or number is None:
        return None
    return dev / "bus" / "usb" / f"{int(bus):03d}" / f"{int(number):03d}"


def _latency_ms(ports: list[Path]) -> float | None:
    values = [_number(port.parents[1] / "latency_timer") for port in ports]
    return next((value for value in values if value is not None), None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def _number(path: Path) -> float | None:
    try:
        return float(_text(path) or "")
    except ValueError:
        return None
