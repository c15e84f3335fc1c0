"""RealSense cameras on USB that this user may not open, as Linux shows them."""

import os
from collections.abc import Iterator
from pathlib import Path

USB_DEVICES = Path("/sys/bus/usb/devices")
USB_NODES = Path("/dev/bus/usb")
INTEL_VENDOR = "8086"
CAMERA_NAME = "RealSense"


def locked_cameras(devices: Path = USB_DEVICES, nodes: Path = USB_NODES) -> list[str]:
    """Nodes of RealSense cameras that this user may not write to, with the cameras' names.

    The SDK does not list such cameras, or fails to open them. They need the udev rules.

    Args:
        devices: sysfs folder of USB devices.
        nodes: folder of their device nodes.
    """
    found = []
    for name, bus, number in _cameras(devices):
        node = nodes / f"{bus:03d}" / f"{number:03d}"
        if node.exists() and not os.access(node, os.R_OK | os.W_OK):
            found.append(f"{node} ({name})")
    return found


def _cameras(devices: Path) -> Iterator[tuple[str, int, int]]:
    """Product name, bus and device number of each RealSense camera."""
    for device in sorted(devices.glob("*")):
        product = _text(device / "product")
        if _text(device / "idVendor") == INTEL_VENDOR and CAMERA_NAME in product:
            yield product, int(_text(device / "busnum")), int(_text(device / "devnum"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
