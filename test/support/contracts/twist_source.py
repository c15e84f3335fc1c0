"""What every source of twists must do. Subclass it, give a stand, and run pytest."""

import math
from dataclasses import FrozenInstanceError
from typing import Protocol

import pytest

from teleop_collect.clock import NS_PER_S, FakeClock
from teleop_collect.devices.protocols import TwistSource
from teleop_collect.errors import DeviceDisconnected

STILL = (0.0, 0.0, 0.0)
FORWARD, LEFT = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
BACK_WITHIN = 10
"""Attempts, 0.1 s apart, in which a source that is there again is connected."""

Axes = tuple[float, float, float]


class TwistStand(Protocol):
    """A source of twists with a hand at its other end, at rest and plugged in.

    Attributes:
        clock: what its stamps are taken from; it moves only when told.
        frame_id: what its samples must state.
        translation_m_s: full speed along an axis.
        rotation_rad_s: full speed about an axis.
    """

    clock: FakeClock
    frame_id: str
    translation_m_s: float
    rotation_rad_s: float

    def driver(self) -> TwistSource:
        """A new driver of this source, not connected."""
        ...

    def ask(self, linear: Axes, angular: Axes) -> None:
        """Ask for these shares (-1 to 1) of full speed, in ROS axes, from now on."""
        ...

    def unplug(self) -> None:
        """Pull the cable."""
        ...

    def plug(self) -> None:
        """Put it back."""
        ...


class TwistSourceContract:
    """Tests of `teleop_collect.devices.protocols.TwistSource`.

    A subclass has a fixture `stand` that gives a `TwistStand`.
    """

    @pytest.fixture
    def source(self, stand):
        source = stand.driver()
        source.connect()
        yield source
        source.close()

    def test_reading_before_connecting_is_a_loss_and_no_zero(self, stand):
        with pytest.raises(DeviceDisconnected):
            stand.driver().read()

    def test_at_rest_each_read_is_zero_with_a_stamp_of_its_own(self, stand, source):
        for _ in range(3):
            stand.clock.advance_ns(NS_PER_S)
            sample = source.read()
            assert (sample.linear_m_s, sample.angular_rad_s) == (STILL, STILL)
            assert sample.stamp_ns == stand.clock.utc_ns()
            assert sample.frame_id == stand.frame_id

    @pytest.mark.parametrize("axis", range(6))
    @pytest.mark.parametrize("share", [1.0, -1.0, 0.5])
    def test_each_axis_asks_for_its_share_of_full_speed_in_ros_axes(
        self, stand, source, axis, share
    ):
        asked = [0.0] * 6
        asked[axis] = share
        stand.ask(tuple(asked[:3]), tuple(asked[3:]))
        sample = source.read()
        assert sample.linear_m_s == pytest.approx([stand.translation_m_s * v for v in asked[:3]])
        assert sample.angular_rad_s == pytest.approx([stand.rotation_rad_s * v for v in asked[3:]])

    def test_asking_for_everything_at_once_is_no_faster(self, stand, source):
        stand.ask((1.0, 1.0, -1.0), (1.0, -1.0, 1.0))
        sample = source.read()
        assert math.hypot(*sample.linear_m_s) == pytest.approx(stand.translation_m_s)
        assert math.hypot(*sample.angular_rad_s) == pytest.approx(stand.rotation_rad_s)

    def test_letting_go_is_zero_with_the_next_read(self, stand, source):
        stand.ask(FORWARD, STILL)
        assert source.read().linear_m_s[0] == pytest.approx(stand.translation_m_s)
        stand.ask(STILL, STILL)
        assert source.read().linear_m_s == STILL

    def test_a_sample_never_changes(self, stand, source):
        stand.ask(FORWARD, STILL)
        sample = source.read()
        stand.ask(LEFT, STILL)
        source.read()
        assert sample.linear_m_s == pytest.approx((stand.translation_m_s, 0.0, 0.0))
        with pytest.raises(FrozenInstanceError):
            sample.linear_m_s = STILL

    def test_buttons_keep_their_number(self, stand, source):
        sample = source.read()
        assert set(sample.buttons) <= {0}
        stand.ask(FORWARD, STILL)
        assert len(source.read().buttons) == len(sample.buttons)

    def test_a_loss_is_said_at_the_next_read_and_rest_is_zero(self, stand, source):
        stand.ask(FORWARD, (0.0, 0.0, 1.0))
        source.read()
        stand.unplug()
        with pytest.raises(DeviceDisconnected):
            source.read()
        rest = source.rest()
        assert (rest.linear_m_s, rest.angular_rad_s) == (STILL, STILL)
        assert (rest.frame_id, rest.stamp_ns) == (stand.frame_id, stand.clock.utc_ns())

    def test_it_comes_back_within_a_second_and_from_zero(self, stand, source):
        stand.ask(FORWARD, STILL)
        source.read()
        stand.unplug()
        with pytest.raises(DeviceDisconnected):
            source.read()
        for _ in range(30):
            stand.clock.advance_ns(NS_PER_S // 10)
            with pytest.raises(DeviceDisconnected):
                source.connect()
        stand.plug()
        reconnect(stand, source)
        assert source.read().linear_m_s == STILL
        stand.ask(LEFT, STILL)
        assert source.read().linear_m_s == pytest.approx((0.0, stand.translation_m_s, 0.0))

    def test_connecting_again_and_closing_twice_are_safe(self, stand, source):
        source.connect()
        source.read()
        source.close()
        source.close()
        with pytest.raises(DeviceDisconnected):
            source.read()
        source.connect()
        assert source.read().linear_m_s == STILL


def reconnect(stand: TwistStand, source: TwistSource) -> None:
    """Connect as a node does, again and again; fails when it takes longer than a second."""
    for _ in range(BACK_WITHIN):
        stand.clock.advance_ns(NS_PER_S // 10)
        try:
            source.connect()
            return
        except DeviceDisconnected:
            continue
    pytest.fail("not connected within a second of being plugged in")
