"""The contract of twist sources, kept by every implementation."""

import pytest
from support.contracts.twist_source import TwistSourceContract
from support.emulated_mouse import MouseDriver, isolated_hid

from teleop_collect.devices.spacemouse.driver import SpaceMouse
from teleop_collect.devices.spacemouse.reports import (
    REST,
    SPACE_MOUSE_WIRELESS,
    SPACE_NAVIGATOR,
    WIRELESS_BY_RECEIVER,
    MouseModel,
)

FULL_COUNTS = 350


class MouseStand:
    """An emulated SpaceMouse behind the real pyspacemouse."""

    frame_id = "base_link"
    translation_m_s, rotation_rad_s = 0.2, 0.8

    def __init__(self, model: MouseModel) -> None:
        self._driver = MouseDriver(
            model,
            frame_id=self.frame_id,
            translation_m_s=self.translation_m_s,
            rotation_rad_s=self.rotation_rad_s,
        )
        self.clock = self._driver.clock
        self.unplug = self._driver.emulated.unplug
        self.plug = self._driver.emulated.plug
        self.close = self._driver.close

    def driver(self) -> SpaceMouse:
        return self._driver.mouse

    def ask(self, linear, angular) -> None:
        (x, y, z), (roll, pitch, yaw) = linear, angular
        hid = (-y, -x, -z, -pitch, -roll, -yaw)
        counts = tuple(round(FULL_COUNTS * share) for share in hid)
        if counts == REST:
            self._driver.emulated.release()
        else:
            self._driver.emulated.deflect(counts)


MODELS = {
    "space_navigator": SPACE_NAVIGATOR,
    "space_mouse_wireless": SPACE_MOUSE_WIRELESS,
    "universal_receiver": WIRELESS_BY_RECEIVER,
}


class TestSpaceMouse(TwistSourceContract):
    @pytest.fixture(params=MODELS.values(), ids=MODELS.keys())
    def stand(self, request, monkeypatch, tmp_path):
        isolated_hid(monkeypatch, tmp_path)
        stand = MouseStand(request.param)
        yield stand
        stand.close()
