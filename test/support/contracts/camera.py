"""What every camera driver must do. Subclass it, give a stand, and run pytest."""

from typing import Protocol

import numpy as np
import pytest
from support.contracts.waiting import connect_within, is_for_a_person, loss_within, read_within

from teleop_collect.clock import NS_PER_S, SystemClock
from teleop_collect.devices.protocols import Camera
from teleop_collect.errors import DeviceError

IMAGES = 5
MAX_AGE_NS = 2 * NS_PER_S
"""Far more than any camera takes; far less than a clock that was not converted."""


class CameraStand(Protocol):
    """A camera, simulated, emulated or real, whose scene changes all the time.

    Attributes:
        width: of the colour image in the rig file, px.
        height: the same.
        depth: whether the rig file asks for depth.
    """

    width: int
    height: int
    depth: bool

    def driver(self) -> Camera:
        """A new driver of this camera, not connected."""
        ...

    def unplug(self) -> None:
        """Take the camera away."""
        ...

    def plug(self) -> None:
        """Put it back."""
        ...


class CameraContract:
    """Tests of `teleop_collect.devices.protocols.Camera`.

    A subclass has a fixture `stand` that gives a `CameraStand`, plugged in and giving images.
    """

    @pytest.fixture
    def camera(self, stand):
        camera = stand.driver()
        connect_within(camera)
        yield camera
        camera.close()

    def test_images_have_the_rig_files_size_and_the_documented_types(self, stand, camera):
        sample = read_within(camera.read)
        assert sample.color.shape == (stand.height, stand.width, 3)
        assert sample.color.dtype == np.uint8
        assert sample.color.flags.c_contiguous
        if not stand.depth:
            assert sample.depth_mm is None
            return
        assert sample.depth_mm.shape == (stand.height, stand.width)
        assert sample.depth_mm.dtype == np.uint16
        assert sample.depth_mm.flags.c_contiguous
        assert sample.depth_mm.any(), "no pixel has a depth"

    def test_intrinsics_are_those_of_the_colour_image(self, stand, camera):
        intrinsics = camera.intrinsics()
        assert (intrinsics.width, intrinsics.height) == (stand.width, stand.height)
        assert intrinsics.fx > 0
        assert intrinsics.fy > 0
        assert 0 < intrinsics.cx < stand.width
        assert 0 < intrinsics.cy < stand.height

    def test_stamps_are_utc_recent_and_ascend(self, camera):
        read_within(camera.read)
        stamps = [read_within(camera.read).stamp_ns for _ in range(IMAGES)]
        now_ns = SystemClock().utc_ns()
        assert all(type(stamp) is int for stamp in stamps)
        assert stamps == sorted(set(stamps))
        assert now_ns - MAX_AGE_NS < stamps[0]
        assert stamps[-1] <= now_ns

    def test_an_image_stays_what_it_was_when_the_next_is_read(self, camera):
        first = read_within(camera.read)
        color = first.color.copy()
        depth = None if first.depth_mm is None else first.depth_mm.copy()
        later = [read_within(camera.read) for _ in range(IMAGES)]
        assert np.array_equal(first.color, color)
        assert depth is None or np.array_equal(first.depth_mm, depth)
        assert any(not np.array_equal(sample.color, color) for sample in later)

    def test_a_camera_that_is_taken_away_is_a_disconnection_and_comes_back(self, stand, camera):
        read_within(camera.read)
        stand.unplug()
        assert is_for_a_person(str(loss_within(camera.read)))
        camera.close()
        lost_ns = SystemClock().utc_ns()
        stand.plug()
        connect_within(camera)
        assert read_within(camera.read).stamp_ns > lost_ns

    def test_reading_before_connecting_says_so(self, stand):
        camera = stand.driver()
        with pytest.raises(DeviceError, match="connect"):
            camera.read()
        camera.close()

    def test_closing_twice_is_safe_and_ends_reading(self, stand, camera):
        read_within(camera.read)
        camera.close()
        camera.close()
        with pytest.raises(DeviceError, match="connect"):
            camera.read()
        connect_within(camera)
        assert read_within(camera.read).color.shape == (stand.height, stand.width, 3)
