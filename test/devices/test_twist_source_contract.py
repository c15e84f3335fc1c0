"""What every twist source keeps to, whatever stands behind it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from typing import Protocol

import pytest
from support.emulated_mouse import SECOND_NS, MouseDriver, isolated_hid

from teleop_collect.clock import FakeClock
from teleop_collect.devices.protocols import TwistSource
from teleop_collect.devices.spacemouse.reports import (
    REST,
    SPACE_MOUSE_WIRELESS,
    SPACE_NAVIGATOR,
    WIRELESS_BY_RECEIVER,
    MouseModel,
)
from teleop_collect.errors import DeviceDisconnected

FRAME = "base_link"
STILL = (0.0, 0.0, 0.0)
TRANSLATION_M_S, ROTATION_RAD_S = 0.2, 0.8


class SourceUnderTest(Protocol):
    """A twist source with somebody at its other end."""

    source: TwistSource
    clock: FakeClock

    def ask(self, linear: tuple[float, float, float], angular: tuple[float, float, float]) -> None:
        """Ask for these shares (-1 to 1) of full speed, in ROS axes."""

    def unplug(self) -> None: ...

    def plug(self) -> None: ...

    def close(self) -> None: ...


class MouseUnderTest:
    def __init__(self, model: MouseModel) -> None:
        self._driver = MouseDriver(
            model,
            frame_id=FRAME,
            translation_m_s=TRANSLATION_M_S,
            rotation_rad_s=ROTATION_RAD_S,
        )
        self.source: TwistSource = self._driver.mouse
        self.clock = self._driver.clock
        self.unplug = self._driver.emulated.unplug
        self.plug = self._driver.emulated.plug
        self.close = self._driver.close

    def ask(self, linear, angular) -> None:
        (x, y, z), (roll, pitch, yaw) = linear, angular
        hid = (-y, -x, -z, -pitch, -roll, -yaw)
        counts = tuple(round(350 * share) for share in hid)
        if counts == REST:
            self._driver.emulated.release()
        else:
            self._driver.emulated.deflect(counts)


SOURCES: dict[str, Callable[[], SourceUnderTest]] = {
    "space_navigator": lambda: MouseUnderTest(SPACE_NAVIGATOR),
    "space_mouse_wireless": lambda: MouseUnderTest(SPACE_MOUSE_WIRELESS),
    "universal_receiver": lambda: MouseUnderTest(WIRELESS_BY_RECEIVER),
}


@pytest.fixture(params=SOURCES.values(), ids=SOURCES.keys())
def under(request, monkeypatch, tmp_path) -> Iterator[SourceUnderTest]:
    isolated_hid(monkeypatch, tmp_path)
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def live(under: SourceUnderTest) -> SourceUnderTest:
    under.source.connect()
    return under


def test_reading_before_connecting_is_a_loss_and_no_zero(under):
    with pytest.raises(DeviceDisconnected):
        under.source.read()


def test_at_rest_each_read_is_zero_with_a_stamp_of_its_own(live):
    for _ in range(3):
        live.clock.advance_ns(SECOND_NS)
        sample = live.source.read()
        assert (sample.linear_m_s, sample.angular_rad_s) == (STILL, STILL)
        assert sample.stamp_ns == live.clock.utc_ns()
        assert sample.frame_id == FRAME


@pytest.mark.parametrize("axis", range(6))
@pytest.mark.parametrize("share", [1.0, -1.0, 0.5])
def test_each_axis_asks_for_its_share_of_full_speed_in_ros_axes(live, axis, share):
    asked = [0.0] * 6
    asked[axis] = share
    live.ask(tuple(asked[:3]), tuple(asked[3:]))
    sample = live.source.read()
    assert sample.linear_m_s == pytest.approx([TRANSLATION_M_S * v for v in asked[:3]])
    assert sample.angular_rad_s == pytest.approx([ROTATION_RAD_S * v for v in asked[3:]])


def test_asking_for_everything_at_once_is_no_faster(live):
    live.ask((1.0, 1.0, -1.0), (1.0, -1.0, 1.0))
    sample = live.source.read()
    assert math.hypot(*sample.linear_m_s) == pytest.approx(TRANSLATION_M_S)
    assert math.hypot(*sample.angular_rad_s) == pytest.approx(ROTATION_RAD_S)


def test_letting_go_is_zero_with_the_next_read(live):
    live.ask((1.0, 0.0, 0.0), STILL)
    assert live.source.read().linear_m_s[0] == pytest.approx(TRANSLATION_M_S)
    live.ask(STILL, STILL)
    assert live.source.read().linear_m_s == STILL


def test_a_sample_never_changes(live):
    live.ask((1.0, 0.0, 0.0), STILL)
    sample = live.source.read()
    live.ask((0.0, 1.0, 0.0), STILL)
    live.source.read()
    assert sample.linear_m_s == pytest.approx((TRANSLATION_M_S, 0.0, 0.0))
    with pytest.raises(FrozenInstanceError):
        sample.linear_m_s = STILL


def test_buttons_keep_their_number(live):
    sample = live.source.read()
    assert set(sample.buttons) == {0}
    live.ask((1.0, 0.0, 0.0), STILL)
    assert len(live.source.read().buttons) == len(sample.buttons)


def test_a_loss_is_said_at_the_next_read_and_rest_is_zero(live):
    live.ask((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    live.source.read()
    live.unplug()
    with pytest.raises(DeviceDisconnected):
        live.source.read()
    rest = live.source.rest()
    assert (rest.linear_m_s, rest.angular_rad_s, rest.frame_id) == (STILL, STILL, FRAME)
    assert rest.stamp_ns == live.clock.utc_ns()


def test_it_comes_back_within_a_second_and_from_zero(live):
    live.ask((1.0, 0.0, 0.0), STILL)
    live.source.read()
    live.unplug()
    with pytest.raises(DeviceDisconnected):
        live.source.read()
    for _ in range(30):
        live.clock.advance_ns(SECOND_NS // 10)
        with pytest.raises(DeviceDisconnected):
            live.source.connect()
    live.plug()
    for _ in range(10):
        live.clock.advance_ns(SECOND_NS // 10)
        try:
            live.source.connect()
            break
        except DeviceDisconnected:
            continue
    assert live.source.read().linear_m_s == STILL
    live.ask((0.0, 1.0, 0.0), STILL)
    assert live.source.read().linear_m_s == pytest.approx((0.0, TRANSLATION_M_S, 0.0))


def test_connecting_again_and_closing_twice_are_safe(live):
    live.source.connect()
    live.source.read()
    live.source.close()
    live.source.close()
    with pytest.raises(DeviceDisconnected):
        live.source.read()
    live.source.connect()
    assert live.source.read().linear_m_s == STILL
