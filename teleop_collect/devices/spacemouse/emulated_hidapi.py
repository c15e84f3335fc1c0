"""What stands in for the system's hidapi below easyhid: the same calls, answered by emulated mice.

easyhid keeps the C library in one module variable and calls it by the names of hidapi.h; here they
are methods. After `install` the process sees emulated mice only.
"""

import json
import socket
from pathlib import Path
from typing import Any

from teleop_collect.devices.spacemouse.discovery import load_library
from teleop_collect.devices.spacemouse.packets import receive_packet, send_packet

CALL_TIMEOUT_S = 2.0


def install(socket_path: Path) -> None:
    """Let this process see the emulated mouse at `socket_path`, plugged in or not."""
    load_library()
    from easyhid import easyhid

    if not isinstance(easyhid.hidapi, EmulatedHidapi):
        easyhid.hidapi = EmulatedHidapi(easyhid.ffi)
    easyhid.hidapi.socket_paths[socket_path] = None


class EmulatedHidapi:
    """The functions of hidapi.h that pyspacemouse reaches, with their names and conventions.

    Args:
        ffi: easyhid's cffi interface, which knows hidapi's structures.
    """

    def __init__(self, ffi: Any) -> None:
        self._ffi = ffi
        self._enumerated: list[Any] = []
        self.socket_paths: dict[Path, None] = {}
        """Where mice may be plugged in, in order."""

    def hid_enumerate(self, vendor_id: int, product_id: int) -> Any:
        """A linked list of one structure a usage of each interface; NULL for nothing plugged in."""
        first = self._ffi.NULL
        for path in reversed(self.socket_paths):
            descriptor = _descriptor(path)
            if descriptor is None:
                continue
            entries = range(descriptor["interfaces"] * descriptor["usages"])
            for entry in reversed(entries):
                number = entry // descriptor["usages"]
                first = self._device_info(path, number, descriptor, first)
        return first

    def hid_free_enumeration(self, devices: Any) -> None:
        """Let go of the list's memory."""
        self._enumerated.clear()

    def hid_open_path(self, path: bytes) -> socket.socket | None:
        """A connection, or None for hidapi's NULL."""
        socket_path, _, number = path.decode().partition("#")
        connection = _connected(Path(socket_path))
        if connection is None:
            return None
        try:
            send_packet(connection, f"open {number or 0}".encode())
            if receive_packet(connection) == b"ok":
                return connection
        except OSError:
            pass
        connection.close()
        return None

    def hid_set_nonblocking(self, device: socket.socket, nonblock: bool) -> int:
        """0."""
        device.setblocking(not nonblock)
        return 0

    def hid_read(self, device: socket.socket, data: Any, length: int) -> int:
        """Bytes of the oldest report, cut to `length`; 0 without a report; -1 when unplugged."""
        try:
            report = receive_packet(device)[:length]
        except BlockingIOError:
            return 0
        except OSError:
            return -1
        self._ffi.memmove(data, report, len(report))
        return len(report) or -1

    def hid_close(self, device: socket.socket) -> None:
        """Close the connection."""
        device.close()

    def _device_info(
        self, path: Path, number: int, descriptor: dict[str, Any], following: Any
    ) -> Any:
        ffi = self._ffi
        info = ffi.new("struct hid_device_info*")
        place = f"{path}#{number}" if number else str(path)
        texts = {
            "path": ffi.new("char[]", place.encode()),
            "serial_number": ffi.new("wchar_t[]", descriptor["serial"]),
            "manufacturer_string": ffi.new("wchar_t[]", "teleop_collect"),
            "product_string": ffi.new("wchar_t[]", descriptor["product"]),
        }
        for field, text in texts.items():
            setattr(info, field, text)
        info.vendor_id = descriptor["vendor_id"]
        info.product_id = descriptor["product_id"]
        info.interface_number = number
        info.next = following
        self._enumerated += [info, texts]
        return info


def _connected(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(CALL_TIMEOUT_S)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection


def _descriptor(path: Path) -> dict[str, Any] | None:
    connection = _connected(path)
    if connection is None:
        return None
    with connection:
        try:
            send_packet(connection, b"list")
            descriptor: dict[str, Any] = json.loads(receive_packet(connection))
        except (OSError, ValueError):
            return None
    return descriptor
