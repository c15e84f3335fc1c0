"""The text of udev rules. Syntax: udev(7).

Access is given by `TAG+="uaccess"` to whoever sits at the machine, and by group to those who log
in from elsewhere. 73-seat-late.rules reads that tag, so the file's number must lie below 73.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from teleop_collect.devices.udev.attached import AttachedDevice
from teleop_collect.devices.udev.known_usb import MODELS, UsbKind, UsbModel
from teleop_collect.devices.udev.links import PortLink

RULES_NUMBER = 70
UNSAFE = re.compile(r"[^A-Za-z0-9._:-]")
"""A device chooses its own descriptor texts: nothing in them may end a value, a line or a comment,
or act as a pattern."""
END = "teleop_collect_end"
FOOT = f'LABEL="{END}"'


def general_rules() -> str:
    """Rules for every device that its numbers identify; the file that ships."""
    lines = _head("Access to every supported device; symlinks come from `teleop-collect udev`.")
    for model in MODELS:
        if model.general:
            lines += ["", f"# {model.label}", *_general(model)]
    return _joined(lines)


def rules_for(
    devices: Sequence[AttachedDevice],
    links: Iterable[PortLink] = (),
    rig_name: str | None = None,
    kinds: Collection[UsbKind] = (),
) -> str:
    """Rules for the attached devices: servo adapters by serial, other devices by their numbers.

    Args:
        devices: as found.
        links: symlinks by serial; an adapter without one is linked as `ttyDXL_SERIAL`.
        rig_name: the rig that the file is for; None without a rig file.
        kinds: mice and cameras that get their rules whether attached or not.
    """
    what = "the attached devices" if rig_name is None else f"rig {plain(rig_name)}"
    lines = _head(f"Written by `teleop-collect udev` for {what}; the next install replaces it.")
    by_serial = {link.serial: link for link in links}
    for device in devices:
        if device.model.kind is UsbKind.SERVO_ADAPTER:
            lines += ["", *_adapter(device, by_serial.get(device.serial or ""))]
    attached = {device.model for device in devices}
    for model in MODELS:
        if model.kind is not UsbKind.SERVO_ADAPTER and (model in attached or model.kind in kinds):
            lines += ["", f"# {model.label}", *_general(model)]
    return _joined(lines)


def plain(text: str) -> str:
    """A text that is safe anywhere in a rule: every other character becomes `?` (any character)."""
    return UNSAFE.sub("?", text)


def link_name(device: AttachedDevice, link: PortLink | None) -> str | None:
    """Name of an adapter's symlink; None when it has no serial number to tell it by."""
    if link is not None:
        return link.name
    return None if device.serial is None else f"ttyDXL_{UNSAFE.sub('_', device.serial)}"


def _adapter(device: AttachedDevice, link: PortLink | None) -> list[str]:
    name = link_name(device, link)
    title = f"# {device.model.label} {plain(device.serial or 'without serial number')}"
    title += f": {link.used_by}" if link is not None else ""
    numbers = {"idVendor": device.vendor, "idProduct": device.product}
    if device.serial is not None:
        numbers["serial"] = plain(device.serial)
    return [title, *_adapter_rules(device.model, numbers, name)]


def _general(model: UsbModel) -> list[str]:
    numbers = {"idVendor": model.vendor} | (
        {} if model.product == "*" else {"idProduct": model.product}
    )
    if model.kind is UsbKind.SERVO_ADAPTER:
        return _adapter_rules(model, numbers, None)
    if model.kind is UsbKind.SPACEMOUSE:
        return [_rule('SUBSYSTEM=="hidraw"', _match("ATTRS", numbers), _access("plugdev"))]
    return [
        _rule(*_usb_device(numbers), _access("plugdev")),
        _rule('SUBSYSTEM=="video4linux"', _match("ATTRS", numbers), _access("video")),
    ]


def _adapter_rules(model: UsbModel, numbers: dict[str, str], link: str | None) -> list[str]:
    parts = ['SUBSYSTEM=="tty"', _match("ATTRS", numbers)]
    parts += [f'SYMLINK+="{link}"'] if link else []
    parts += [_access("dialout"), 'ENV{ID_MM_DEVICE_IGNORE}="1"']
    # Set with the tty and not with the usb-serial device: that one is announced before its
    # driver has made the attribute.
    parts += ['ATTR{device/latency_timer}="1"'] if model.has_latency_timer else []
    return [_rule(*_usb_device(numbers), 'ENV{ID_MM_DEVICE_IGNORE}="1"'), _rule(*parts)]


def _usb_device(numbers: dict[str, str]) -> tuple[str, ...]:
    return 'SUBSYSTEM=="usb"', 'ENV{DEVTYPE}=="usb_device"', _match("ATTR", numbers)


def _match(key: str, numbers: dict[str, str]) -> str:
    return ", ".join(f'{key}{{{name}}}=="{value}"' for name, value in numbers.items())


def _access(group: str) -> str:
    return f'GROUP="{group}", MODE="0660", TAG+="uaccess"'


def _rule(*parts: str) -> str:
    return ", ".join(parts)


def _head(purpose: str) -> list[str]:
    return [
        f"# {purpose}",
        '# Must stay numbered below 73: later, TAG+="uaccess" has no effect.',
        f'ACTION=="remove", GOTO="{END}"',
    ]


def _joined(lines: list[str]) -> str:
    return "\n".join([*lines, "", FOOT, ""])
