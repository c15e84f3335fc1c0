"""An emulated SpaceMouse and the driver that reads it through the real pyspacemouse."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from easyhid import easyhid

from teleop_collect.clock import FakeClock
from teleop_collect.devices.spacemouse.driver import SpaceMouse
from teleop_collect.devices.spacemouse.emulator import EmulatedMouse
from teleop_collect.devices.spacemouse.reports import SPACE_NAVIGATOR, MouseModel
from teleop_collect.rig.config import SpaceMouseLeader
from teleop_collect.rig.runtime import RUNTIME_VARIABLE, device_path

SECOND_NS = 1_000_000_000
PORT = "sim://mouse"

# USB ids and report formats of every model that pyspacemouse 2.1 knows, stated apart from it.
COMBINED = {
    "SpaceMouseEnterprise": (0x256F, 0xC633),
    "SpaceMouseProWireless": (0x256F, 0xC632),
    "SpaceMouseProWirelessBluetooth": (0x256F, 0xC638),
    "SpaceMouseWireless": (0x256F, 0xC62E),
    "SpaceMouseWirelessNew": (0x256F, 0xC63A),
    "UniversalReceiver": (0x256F, 0xC652),
}
SPLIT = {
    "SpaceExplorer": (0x046D, 0xC627),
    "SpaceNavigator": (0x046D, 0xC626),
    "SpaceMouseUSB": (0x256F, 0xC641),
    "SpaceMouseCompact": (0x256F, 0xC635),
    "SpaceMousePro": (0x046D, 0xC62B),
    "SpacePilot": (0x046D, 0xC625),
    "SpacePilotPro": (0x046D, 0xC629),
}
ALL_MODELS = [
    MouseModel(name, *ids, combined=combined)
    for combined, models in ((True, COMBINED), (False, SPLIT))
    for name, ids in models.items()
]


class MouseDriver:
    """An emulated mouse, the clock and the driver under test."""

    def __init__(self, model: MouseModel, frame_id: str = "", serial: str = "", **config: object):
        self.clock = FakeClock()
        self.path = device_path(PORT)
        self.emulated = EmulatedMouse(self.path, model, serial)
        settings = {"path": PORT, "dead_zone": 0.0, "translation_m_s": 1.0, "rotation_rad_s": 1.0}
        self.config = SpaceMouseLeader(driver="spacemouse", **{**settings, **config})
        self.mouse = SpaceMouse(self.config, self.clock, frame_id)

    def close(self) -> None:
        self.mouse.close()
        self.emulated.close()


def isolated_hid(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Emulated mice of this test alone, and whatever hidapi there was before again afterwards."""
    monkeypatch.setenv(RUNTIME_VARIABLE, str(folder / "rt"))
    monkeypatch.setattr(easyhid, "hidapi", easyhid.hidapi)


@contextmanager
def connected(model: MouseModel = SPACE_NAVIGATOR, **config: object) -> Iterator[MouseDriver]:
    """A driver that has its mouse."""
    driver = MouseDriver(model, **config)
    try:
        driver.mouse.connect()
        yield driver
    finally:
        driver.close()
