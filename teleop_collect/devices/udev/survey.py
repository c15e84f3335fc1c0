"""What is attached beside what a rig file asks for, and the rules that follow."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teleop_collect.devices.udev.attached import SYSFS, AttachedDevice, attached_devices
from teleop_collect.devices.udev.known_usb import MODELS, UsbKind
from teleop_collect.devices.udev.links import PortLink, links_of
from teleop_collect.devices.udev.rules import link_name, plain, rules_for
from teleop_collect.errors import CheckFailed
from teleop_collect.rig.config import RealSenseCamera, Rig, SpaceMouseLeader
from teleop_collect.rig.share import share_dir

GENERAL_RULES = Path("udev") / "70-teleop_collect.rules"
"""Shipped, below the installation's share folder."""


@dataclass(frozen=True)
class Survey:
    """Attached devices and the symlinks they get.

    Attributes:
        devices: all supported devices.
        links: symlinks by the rig file; empty without one.
        rig_name: the rig's name; None without a rig file.
        kinds: mice and cameras that the rig file names; they may be plugged in later.
    """

    devices: tuple[AttachedDevice, ...]
    links: tuple[PortLink, ...] = ()
    rig_name: str | None = None
    kinds: frozenset[UsbKind] = frozenset()

    @property
    def rules(self) -> str:
        """Text of the rules file."""
        return rules_for(self.devices, self.links, self.rig_name, self.kinds)

    def notes(self) -> list[str]:
        """What a person has to know besides."""
        notes = [
            f"{link.used_by}: the rig file opens {link.port}, which need not be the same adapter "
            f"after replugging; write port: /dev/{link.name}"
            for link in self.links
            if not link.agrees
        ]
        notes += [
            f"{device.model.label} at USB {device.usb_path} has no serial number: its rule fits "
            "every device of its kind, and no symlink tells it apart"
            for device in self.devices
            if device.model.kind is UsbKind.SERVO_ADAPTER and device.serial is None
        ]
        return notes

    def facts(self) -> dict[str, Any]:
        """The survey as JSON values."""
        by_serial = {link.serial: link for link in self.links}
        return {
            "rig": self.rig_name,
            "devices": [_facts(d, by_serial.get(d.serial or "")) for d in self.devices],
            "notes": self.notes(),
            "rules": self.rules,
        }


def survey(rig: Rig | None = None, sysfs: Path = SYSFS) -> Survey:
    """Look what is attached.

    Args:
        rig: names the servo adapters, when given.
        sysfs: where sysfs is mounted.

    Raises:
        CheckFailed: nothing is attached, or not what the rig names, or two adapters answer to
            one serial number.
        ConfigError: the rig's ports contradict each other.
    """
    links = () if rig is None else links_of(rig)
    devices = attached_devices(sysfs)
    _check_serials(devices, links)
    kinds = frozenset() if rig is None else _kinds_of(rig)
    if not devices and not kinds:
        raise CheckFailed(_nothing_found())
    return Survey(devices, links, None if rig is None else rig.name, kinds)


def _kinds_of(rig: Rig) -> frozenset[UsbKind]:
    mice = any(isinstance(arm.leader, SpaceMouseLeader) for arm in rig.arms.values())
    cameras = any(isinstance(camera, RealSenseCamera) for camera in rig.cameras.values())
    wanted = ((UsbKind.SPACEMOUSE, mice), (UsbKind.REALSENSE, cameras))
    return frozenset(kind for kind, is_wanted in wanted if is_wanted)


def _check_serials(devices: Sequence[AttachedDevice], links: Sequence[PortLink]) -> None:
    adapters = [d for d in devices if d.model.kind is UsbKind.SERVO_ADAPTER]
    counts = Counter(d.serial for d in adapters if d.serial is not None)
    wrong = [
        f"{link.used_by}: {'no' if not counts[link.serial] else 'more than one'} attached adapter "
        f"has serial {link.serial!r}"
        for link in links
        if counts[link.serial] != 1
    ]
    if wrong:
        there = [
            f"{plain(d.serial or 'without serial number')} ({d.model.label}, {d.node})"
            for d in adapters
        ]
        raise CheckFailed(
            "\n".join(wrong)
            + f"\nattached: {', '.join(there) or 'no adapter'}. Plug all of the rig's adapters in, "
            "and put each one's serial number into the rig file"
        )


def _nothing_found() -> str:
    families = ", ".join(f"{model.label} {model.vendor}:{model.product}" for model in MODELS)
    general = share_dir() / GENERAL_RULES
    return (
        f"no supported USB device is attached (looked for {families}); plug them in, or install "
        f"the rules for all of them:\n  sudo cp {general} /etc/udev/rules.d/"
    )


def _facts(device: AttachedDevice, link: PortLink | None) -> dict[str, Any]:
    is_adapter = device.model.kind is UsbKind.SERVO_ADAPTER
    name = link_name(device, link) if is_adapter else None
    return {
        "kind": device.model.kind.value,
        "label": device.model.label,
        "usb_id": f"{device.vendor}:{device.product}",
        "usb_path": device.usb_path,
        "serial": device.serial,
        "name": device.name,
        "node": None if device.node is None else str(device.node),
        "accessible": device.accessible,
        "speed_mbps": device.speed_mbps,
        "latency_ms": device.latency_ms,
        "symlink": None if name is None else f"/dev/{name}",
        "used_by": None if link is None else link.used_by,
    }
