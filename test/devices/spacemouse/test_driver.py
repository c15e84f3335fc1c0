"""The SpaceMouse driver through the real pyspacemouse, against an emulated mouse."""

import warnings

import pytest
from pyspacemouse import get_device_specs
from support.emulated_mouse import ALL_MODELS, PORT, SECOND_NS, MouseDriver, connected, isolated_hid

from teleop_collect.devices.spacemouse.reports import (
    PRO_WIRELESS_BY_RECEIVER,
    SPACE_MOUSE_WIRELESS,
    SPACE_NAVIGATOR,
    WIRELESS_BY_RECEIVER,
    MouseModel,
)
from teleop_collect.errors import DeviceDisconnected, DeviceError

FORMATS = [SPACE_NAVIGATOR, SPACE_MOUSE_WIRELESS]
FORMAT_IDS = ["two_reports", "one_report"]
STILL = (0.0, 0.0, 0.0)
BATTERY_REPORT = bytes([0x17, 90, 0])


@pytest.fixture(autouse=True)
def _own_hid(monkeypatch, tmp_path):
    isolated_hid(monkeypatch, tmp_path)


@pytest.mark.parametrize("model", FORMATS, ids=FORMAT_IDS)
@pytest.mark.parametrize(
    ("counts", "linear", "angular"),
    [
        ((35, 0, 0, 0, 0, 0), (0.0, -0.1, 0.0), STILL),
        ((0, 35, 0, 0, 0, 0), (-0.1, 0.0, 0.0), STILL),
        ((0, 0, 35, 0, 0, 0), (0.0, 0.0, -0.1), STILL),
        ((0, 0, 0, 35, 0, 0), STILL, (0.0, -0.1, 0.0)),
        ((0, 0, 0, 0, 35, 0), STILL, (-0.1, 0.0, 0.0)),
        ((0, 0, 0, 0, 0, 35), STILL, (0.0, 0.0, -0.1)),
        ((-35, -70, -105, 0, 0, 0), (0.2, 0.1, 0.3), STILL),
    ],
)
def test_each_axis_has_its_ros_direction_and_exact_value(model, counts, linear, angular):
    with connected(model, frame_id="base_link") as driver:
        driver.emulated.deflect(counts)
        sample = driver.mouse.read()
    assert sample.linear_m_s == pytest.approx(linear, abs=1e-15)
    assert sample.angular_rad_s == pytest.approx(angular, abs=1e-15)
    assert sample.axes == pytest.approx(linear + angular, abs=1e-15)
    assert sample.frame_id == "base_link"


def test_the_emulated_models_are_all_that_the_library_knows():
    assert {model.name for model in ALL_MODELS} == set(get_device_specs())


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda m: m.name)
def test_every_model_is_found_and_read(model: MouseModel):
    with connected(model) as driver:
        assert driver.mouse.mouse.model == model.name
        driver.emulated.deflect((0, -175, 0, 0, 0, -350))
        sample = driver.mouse.read()
    assert sample.linear_m_s == (0.5, 0.0, 0.0)
    assert sample.angular_rad_s == (0.0, 0.0, 1.0)
    assert len(sample.buttons) == len(driver.mouse.button_names)


def test_deflection_beyond_the_stops_is_clamped():
    with connected() as driver:
        driver.emulated.deflect((0, -500, 0, 0, 0, 32767))
        sample = driver.mouse.read()
    assert sample.axes == (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    assert sample.linear_m_s == (1.0, 0.0, 0.0)
    assert sample.angular_rad_s == (0.0, 0.0, -1.0)


def test_dead_zone_and_scale_apply_to_the_twist_and_not_to_the_axes():
    with connected(dead_zone=0.2, translation_m_s=0.1, rotation_rad_s=0.5) as driver:
        driver.emulated.deflect((0, -70, -210, 0, 0, 0))
        sample = driver.mouse.read()
    assert sample.linear_m_s == pytest.approx((0.0, 0.0, 0.05), abs=1e-15)
    assert sample.axes == pytest.approx((0.2, 0.0, 0.6, 0.0, 0.0, 0.0), abs=1e-15)


@pytest.mark.parametrize("model", FORMATS, ids=FORMAT_IDS)
def test_one_read_takes_every_queued_report(model):
    with connected(model) as driver:
        for count in range(1, 51):
            driver.emulated.deflect((0, -7 * count, 0, 0, 0, 0))
        assert driver.mouse.read().linear_m_s == (1.0, 0.0, 0.0)
        assert driver.emulated.lost_reports == 0
        driver.emulated.deflect((0, -35, 0, 0, 0, 0))
        assert driver.mouse.read().linear_m_s == pytest.approx((0.1, 0.0, 0.0))


def test_samples_keep_their_values_when_the_mouse_moves_on():
    with connected() as driver:
        driver.emulated.deflect((0, -350, 0, 0, 0, 0))
        first = driver.mouse.read()
        driver.emulated.press(0)
        driver.emulated.deflect((0, 0, -350, 0, 0, 0))
        driver.mouse.read()
    assert (first.linear_m_s, first.buttons) == ((1.0, 0.0, 0.0), (0, 0))


def test_a_mouse_at_rest_sends_nothing_and_is_not_lost():
    with connected() as driver:
        stamps = []
        for _ in range(500):
            driver.clock.advance_ns(SECOND_NS // 10)
            sample = driver.mouse.read()
            stamps.append(sample.stamp_ns)
            assert (sample.linear_m_s, sample.angular_rad_s) == (STILL, STILL)
    assert stamps == [stamps[0] + i * SECOND_NS // 10 for i in range(500)]


def test_a_deflected_mouse_that_falls_silent_is_at_rest_after_200_ms():
    with connected() as driver:
        driver.emulated.deflect((0, -350, 0, 0, 0, 0))
        assert driver.mouse.read().linear_m_s == (1.0, 0.0, 0.0)
        driver.clock.advance_ns(200_000_000)
        assert driver.mouse.read().linear_m_s == (1.0, 0.0, 0.0)
        driver.emulated.press(0)
        driver.clock.advance_ns(1)
        sample = driver.mouse.read()
        assert (sample.linear_m_s, sample.axes) == (STILL, (0.0,) * 6)
        assert sample.buttons == (1, 0)
        driver.emulated.deflect((0, -350, 0, 0, 0, 0))
        assert driver.mouse.read().linear_m_s == (1.0, 0.0, 0.0)


def test_letting_go_gives_zero_at_once():
    with connected() as driver:
        driver.emulated.deflect((350, 350, 350, 350, 350, 350))
        assert driver.mouse.read().axes == (-1.0,) * 6
        driver.emulated.release()
        sample = driver.mouse.read()
    assert (sample.linear_m_s, sample.angular_rad_s) == (STILL, STILL)


def test_buttons_are_reported_and_a_short_press_is_not_missed():
    with connected() as driver:
        assert driver.mouse.button_names == ("LEFT", "RIGHT")
        driver.emulated.press(1)
        assert driver.mouse.read().buttons == (0, 1)
        assert driver.mouse.read().buttons == (0, 1)
        driver.emulated.press()
        assert driver.mouse.read().buttons == (0, 0)
        driver.emulated.press(0)
        driver.emulated.press()
        assert driver.mouse.read().buttons == (1, 0)
        assert driver.mouse.read().buttons == (0, 0)


@pytest.mark.parametrize("model", [WIRELESS_BY_RECEIVER, PRO_WIRELESS_BY_RECEIVER])
def test_a_receiver_is_read_on_whichever_interface_carries_the_mouse(model):
    with connected(model) as driver:
        assert len(driver.mouse.mouse.interfaces) == 5
        driver.emulated.deflect((0, -350, 0, 0, 0, 0))
        driver.emulated.send(BATTERY_REPORT, interface=4)
        driver.emulated.send(BATTERY_REPORT, interface=1 - model.data_interface)
        driver.emulated.press(0)
        sample = driver.mouse.read()
    assert sample.linear_m_s == (1.0, 0.0, 0.0)
    assert driver.mouse.button_names[0] == "MENU"
    assert sample.buttons[0] == 1


def test_unplugged_while_deflected_is_zero_at_once_and_says_so():
    with connected() as driver:
        driver.emulated.deflect((0, -350, 0, 0, 0, 350))
        assert driver.mouse.read().linear_m_s == (1.0, 0.0, 0.0)
        driver.emulated.unplug()
        with pytest.raises(DeviceDisconnected) as caught:
            driver.mouse.read()
        assert str(caught.value) == (
            f"SpaceNavigator at {driver.path} was unplugged; plug it in again"
        )
        rest = driver.mouse.rest()
        assert (rest.linear_m_s, rest.angular_rad_s) == (STILL, STILL)
        assert (rest.buttons, rest.axes) == ((0, 0), (0.0,) * 6)
        assert rest.stamp_ns == driver.clock.utc_ns()
        with pytest.raises(DeviceDisconnected, match="was unplugged"):
            driver.mouse.read()


def test_replugged_it_reads_again_from_zero_within_400_ms():
    with connected() as driver:
        driver.emulated.deflect((0, -350, 0, 0, 0, 0))
        driver.mouse.read()
        driver.emulated.unplug()
        with pytest.raises(DeviceDisconnected):
            driver.mouse.read()
        for _ in range(1000):
            driver.clock.advance_ns(10_000_000)
            with pytest.raises(DeviceDisconnected, match="is attached; plug it in"):
                driver.mouse.connect()
        driver.emulated.plug()
        for _ in range(41):
            driver.clock.advance_ns(10_000_000)
            try:
                driver.mouse.connect()
                break
            except DeviceDisconnected:
                continue
        assert driver.mouse.read().axes == (0.0,) * 6
        driver.emulated.deflect((0, -35, 0, 0, 0, 0))
        assert driver.mouse.read().linear_m_s == pytest.approx((0.1, 0.0, 0.0))


def test_attempts_within_the_pause_repeat_the_answer_and_success_shortens_the_pause():
    with connected() as driver:
        driver.emulated.unplug()
        with pytest.raises(DeviceDisconnected):
            driver.mouse.read()
        for _ in range(10):
            driver.clock.advance_ns(SECOND_NS)
            with pytest.raises(DeviceDisconnected):
                driver.mouse.connect()
        driver.emulated.plug()
        driver.clock.advance_ns(399_999_999)
        with pytest.raises(DeviceDisconnected, match="is attached; plug it in"):
            driver.mouse.connect()
        driver.clock.advance_ns(1)
        driver.mouse.connect()
        driver.emulated.unplug()
        with pytest.raises(DeviceDisconnected):
            driver.mouse.read()
        with pytest.raises(DeviceDisconnected):
            driver.mouse.connect()
        driver.emulated.plug()
        driver.clock.advance_ns(50_000_000)
        driver.mouse.connect()
        assert driver.mouse.read().axes == (0.0,) * 6


def test_reports_queued_before_the_unplugging_move_nothing():
    with connected() as driver:
        driver.emulated.deflect((0, -350, 0, 0, 0, 0))
        driver.emulated.unplug()
        with pytest.raises(DeviceDisconnected):
            driver.mouse.read()
        driver.emulated.plug()
        driver.mouse.connect()
        assert driver.mouse.read().axes == (0.0,) * 6


def test_not_connected_yet_is_no_zero_twist():
    driver = MouseDriver(SPACE_NAVIGATOR)
    try:
        with pytest.raises(DeviceDisconnected, match="not connected yet"):
            driver.mouse.read()
    finally:
        driver.close()


def test_connecting_twice_keeps_the_connection_and_closing_twice_is_safe():
    with connected() as driver:
        driver.emulated.deflect((0, -350, 0, 0, 0, 0))
        driver.mouse.connect()
        assert driver.mouse.read().linear_m_s == (1.0, 0.0, 0.0)
        driver.mouse.close()
        driver.mouse.close()
        with pytest.raises(DeviceDisconnected):
            driver.mouse.read()


def test_a_mouse_that_may_not_be_opened_names_the_udev_command():
    driver = MouseDriver(SPACE_NAVIGATOR)
    driver.emulated.refuses_to_open = True
    try:
        with pytest.raises(DeviceError) as caught:
            driver.mouse.connect()
        assert str(caught.value) == (
            f"SpaceNavigator at {driver.path} cannot be opened; if it is still plugged in, this "
            "user lacks the permission: run teleop-collect udev install, then plug it in again"
        )
        assert not isinstance(caught.value, DeviceDisconnected)
    finally:
        driver.close()


def test_opening_prints_nothing_and_warns_of_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with connected() as driver:
            driver.mouse.read()
    assert capfd.readouterr() == ("", "")


def test_the_frame_is_the_configured_one_without_a_robot():
    with connected(path=PORT, frame="tool") as driver:
        assert driver.mouse.read().frame_id == "tool"
