"""Which SpaceMice are attached, and which of them a rig file means."""

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from teleop_collect.errors import (
    ConfigError,
    DeviceDisconnected,
    DeviceError,
    MissingExtraError,
    MissingSystemLibraryError,
)
from teleop_collect.rig.config import SpaceMouseLeader

VENDOR_3DCONNEXION = 0x256F


@dataclass(frozen=True)
class AttachedMouse:
    """One mouse, or one wireless receiver with its mouse.

    Attributes:
        model: name by which pyspacemouse knows it.
        serial: USB serial number; empty on the many models without one.
        interfaces: the library's HID devices. A receiver has five under one id, and which of them
            carries the axes depends on the mouse, so all are read.
    """

    model: str
    serial: str
    interfaces: tuple[Any, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Device paths, one for each interface."""
        return tuple(interface.path for interface in self.interfaces)

    def __str__(self) -> str:
        serial = f", serial {self.serial}" if self.serial else ""
        return f"{self.model} at {self.paths[0]}{serial}"


def load_library() -> Any:
    """The module pyspacemouse.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyspacemouse
    except ImportError as error:
        raise MissingExtraError("pyspacemouse", "spacemouse") from error
    return pyspacemouse


def check_model(model: str) -> None:
    """Refuse a model name that pyspacemouse does not know.

    Raises:
        ConfigError: the message lists the nearest names.
    """
    known = load_library().get_device_specs()
    if model and model not in known:
        near = difflib.get_close_matches(model, known, n=3, cutoff=0.4) or sorted(known)
        raise ConfigError(f"SpaceMouse model {model!r} is not known; known: {', '.join(near)}")


def hid_devices() -> list[Any]:
    """All HID interfaces of this machine, each path once.

    hidapi lists a path again for each usage that its interface declares.

    Raises:
        MissingSystemLibraryError: the system's hidapi is not installed.
    """
    load_library()
    from easyhid import Enumeration

    try:
        devices = Enumeration().device_list
    except AttributeError as error:
        raise MissingSystemLibraryError("libhidapi-hidraw.so.0", "libhidapi-hidraw0") from error
    return list({device.path: device for device in devices}.values())


def attached_mice(devices: Iterable[Any]) -> list[AttachedMouse]:
    """Every attached mouse of every model that pyspacemouse knows.

    Interfaces of one id and serial belong together until an interface number repeats: that is the
    next device of the same kind.
    """
    model_of = {spec.hid_id: name for name, spec in load_library().get_device_specs().items()}
    groups: dict[tuple[str, str, int], list[Any]] = {}
    seen: dict[tuple[str, str, int], int] = {}
    for device in devices:
        model = model_of.get((device.vendor_id, device.product_id))
        if model is None:
            continue
        serial = device.serial_number or ""
        number = (model, serial, device.interface_number)
        index = seen[number] = seen.get(number, -1) + 1
        groups.setdefault((model, serial, index), []).append(device)
    return [AttachedMouse(m, s, tuple(interfaces)) for (m, s, _), interfaces in groups.items()]


def find_mouse(config: SpaceMouseLeader, path: str) -> AttachedMouse:
    """The one attached mouse that the rig file means.

    Args:
        config: `serial` and `model` narrow the choice.
        path: device path, or a link to it; empty for any.

    Raises:
        DeviceDisconnected: it is not attached.
        DeviceError: several are attached and the rig file does not say which.
        MissingSystemLibraryError: see `hid_devices`.
    """
    devices = hid_devices()
    mice = attached_mice(devices)
    real_path = os.path.realpath(path) if path else ""
    found = [
        mouse
        for mouse in mice
        if config.serial in ("", mouse.serial)
        and config.model in ("", mouse.model)
        and (not path or {path, real_path} & set(mouse.paths))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise DeviceError(
            f"{len(found)} SpaceMice fit the rig file: {'; '.join(map(str, found))}; "
            "name one by serial or path below leader"
        )
    raise DeviceDisconnected(_not_found_text(config, path, mice, devices))


def _not_found_text(
    config: SpaceMouseLeader, path: str, mice: list[AttachedMouse], devices: list[Any]
) -> str:
    named = {"model": config.model, "serial": config.serial, "path": path}
    wanted = ", ".join(f"{key} {value}" for key, value in named.items() if value)
    text = f"no SpaceMouse{f' with {wanted}' if wanted else ''} is attached"
    if mice:
        return f"{text}; attached: {'; '.join(map(str, mice))}; correct the rig file"
    unknown = {
        f"{d.vendor_id:04x}:{d.product_id:04x}"
        for d in devices
        if d.vendor_id == VENDOR_3DCONNEXION
    }
    if unknown:
        return f"{text}; pyspacemouse does not know the attached {', '.join(sorted(unknown))}"
    return f"{text}; plug it in"
