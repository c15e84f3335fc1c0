"""Which symlink each servo adapter of a rig file gets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import DynamixelFollower, DynamixelLeader, Rig
from teleop_collect.rig.runtime import SIM_SCHEME

STABLE_NAME = re.compile(r"/dev/(?P<name>[A-Za-z][A-Za-z0-9_.-]*)")
KERNEL_NAME = re.compile(r"tty(USB|ACM|AMA|S|THS)?\d+")
"""Names that the kernel deals out in the order of plugging; a symlink may not take one."""


@dataclass(frozen=True)
class PortLink:
    """One adapter that a rig file names.

    Attributes:
        serial: serial number in the rig file.
        name: name of the symlink in /dev.
        used_by: what it drives, e.g. `leader of arm left`.
        port: the rig file's port.
    """

    serial: str
    name: str
    used_by: str
    port: str

    @property
    def agrees(self) -> bool:
        """Whether the rig file opens a path that survives replugging: the link, or one by id."""
        return self.port == f"/dev/{self.name}" or "/by-id/" in self.port


def links_of(rig: Rig) -> tuple[PortLink, ...]:
    """Symlinks for the serial adapters of a rig; emulated ports need none.

    The name is that of the rig file's port when it lies directly in /dev and is not the kernel's,
    else `ttyDXL_ROLE_ARM`.

    Raises:
        ConfigError: two ports share a serial number or a name.
    """
    links = tuple(_links(rig))
    for index, link in enumerate(links):
        for other in links[:index]:
            if link.serial == other.serial or link.name == other.name:
                raise ConfigError(
                    f"{other.used_by} and {link.used_by} share serial {other.serial!r} or port "
                    f"/dev/{link.name}; give each the serial number of its own adapter"
                )
    return links


def _links(rig: Rig) -> Iterator[PortLink]:
    for arm_name, arm in rig.arms.items():
        for role, section in (("leader", arm.leader), ("follower", arm.follower)):
            if not isinstance(section, DynamixelLeader | DynamixelFollower):
                continue
            if section.port.startswith(SIM_SCHEME):
                continue
            name = _own_name(section.port) or f"ttyDXL_{role}_{arm_name}"
            yield PortLink(section.serial, name, f"{role} of arm {arm_name}", section.port)


def _own_name(port: str) -> str | None:
    match = STABLE_NAME.fullmatch(str(Path(port)))
    if match is None or KERNEL_NAME.fullmatch(match["name"]):
        return None
    return match["name"]
