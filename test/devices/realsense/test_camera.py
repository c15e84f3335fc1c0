import threading

import numpy as np
import pytest
from support.realsense_cameras import HEIGHT, PERIOD_NS, SMALL, WIDTH, Stand, config, settings

from teleop_collect.clock import FakeClock, SystemClock
from teleop_collect.devices.realsense.camera import RealSenseCamera
from teleop_collect.devices.realsense.geometry import Distortion
from teleop_collect.devices.realsense.smooth_images import SmoothImages
from teleop_collect.devices.realsense.software_camera import (
    EXPOSURE_US,
    SoftwareCamera,
    SoftwareCameras,
)
from teleop_collect.devices.realsense.software_device import D4XX_DISTORTION, FrameFacts
from teleop_collect.devices.realsense.streams import VideoMode
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError, DeviceTimeout

MS = 1_000_000


class PlaneWithBlock:
    """Depth 1000 mm everywhere but in a block of 8 x 8 px, which is at 600 mm."""

    ROW, COLUMN, SIZE = 60, 100, 8

    def image(self, number):
        depth = np.full((HEIGHT, WIDTH), 1000, np.uint16)
        depth[self.ROW : self.ROW + self.SIZE, self.COLUMN : self.COLUMN + self.SIZE] = 600
        return np.zeros((HEIGHT, WIDTH, 3), np.uint8), depth


def live(**changes):
    """A camera on the system's clock, for faults that need time-outs."""
    return Stand(clock=SystemClock(), **changes)


def test_every_image_comes_once_with_its_number_and_its_pixels():
    stand = Stand()
    expected = SmoothImages(WIDTH, HEIGHT)
    for number in range(1, 41):
        sample = stand.next()
        assert sample.frame_number == number
        np.testing.assert_array_equal(sample.color, expected.image(number)[0])
    assert stand.camera.status.taken == 40
    assert stand.camera.status.lost == 0


def test_stamps_are_the_middle_of_the_exposure_in_utc():
    stand = Stand()
    start_ns = stand.clock.utc_ns()
    stamps = [stand.next().stamp_ns - start_ns for _ in range(20)]
    # Exposure takes 8 ms; the device's clock counts whole microseconds.
    assert stamps == pytest.approx([n * PERIOD_NS - 4 * MS for n in range(20)], abs=2_000)


def test_samples_are_arrays_of_their_own():
    stand = Stand()
    first = stand.next()
    kept = first.color.copy(), first.depth_mm.copy()
    for _ in range(20):
        stand.next()
    np.testing.assert_array_equal(first.color, kept[0])
    np.testing.assert_array_equal(first.depth_mm, kept[1])
    assert first.color.flags.c_contiguous
    assert first.depth_mm.flags.c_contiguous


def test_the_wrap_of_the_device_clock_leaves_no_trace_in_the_stamps():
    stand = Stand(start_counter_us=(1 << 32) - 200_000)
    stamps = [stand.next().stamp_ns for _ in range(20)]
    assert np.diff(stamps) == pytest.approx(np.full(19, PERIOD_NS), abs=2_000)
    assert stand.camera.status.clock_steps == 0


@pytest.mark.parametrize("drift", [75e-6, -75e-6])
def test_a_drifting_device_clock_is_measured_and_stamps_keep_to_utc(drift):
    stand = Stand()
    stand.emulator.set_drift(drift)
    errors = []
    for _ in range(900):
        true_ns = stand.clock.utc_ns() - 4 * MS
        errors.append(stand.next().stamp_ns - true_ns)
    # Untreated, 30 s of this drift would come to 2.25 ms.
    assert max(abs(e) for e in errors) < 1.1 * MS
    assert max(abs(e) for e in errors[600:]) < 0.1 * MS
    assert stand.camera.status.clock_drift_us_s == pytest.approx(-drift * 1e6, abs=2)
    assert stand.camera.status.clock_source == "frame_timestamp"


@pytest.mark.parametrize(
    ("scale_m", "depth_at_1234"), [(0.001, 1234), (0.0001, 1234), (0.00025, 1234)]
)
def test_depth_is_in_millimetres_whatever_the_unit_of_the_sensor(scale_m, depth_at_1234):
    class Flat:
        def image(self, number):
            flat = np.full((HEIGHT, WIDTH), 1234, np.uint16)
            return np.zeros((HEIGHT, WIDTH, 3), np.uint8), flat

    sample = Stand(images=Flat(), depth_scale_m=scale_m).next()
    assert sample.depth_mm.dtype == np.uint16
    assert set(np.unique(sample.depth_mm)) <= {0, depth_at_1234}
    assert sample.depth_mm[HEIGHT // 2, WIDTH // 2] == depth_at_1234


def test_depth_is_aligned_to_colour_by_the_calibration_of_the_device():
    stand = Stand(images=PlaneWithBlock())
    aligned = stand.next().depth_mm
    rows, columns = np.nonzero(aligned == 600)
    at = PlaneWithBlock.COLUMN + (PlaneWithBlock.SIZE - 1) / 2
    down = PlaneWithBlock.ROW + (PlaneWithBlock.SIZE - 1) / 2
    depth_focal = 0.601 * WIDTH
    point = [
        (at - (WIDTH - 1) / 2) / depth_focal * 0.6,
        (down - (HEIGHT - 1) / 2) / depth_focal * 0.6,
        0.6,
        1.0,
    ]
    x, y, z, _ = stand.camera.geometry.color_from_depth @ point
    k = stand.camera.intrinsics()
    assert columns.mean() == pytest.approx(k.fx * x / z + k.cx, abs=1.0)
    assert rows.mean() == pytest.approx(k.fy * y / z + k.cy, abs=1.0)


def test_calibration_comes_from_the_device():
    geometry = Stand().camera.geometry
    assert (geometry.color.width, geometry.color.height) == (WIDTH, HEIGHT)
    assert geometry.color.fx == pytest.approx(0.962 * WIDTH)
    assert geometry.distortion.model == "inverse_brown_conrady"
    assert geometry.distortion.is_none
    assert geometry.depth_scale_m == pytest.approx(0.001)
    # The lens lies to the right of the imager, turned by +0.01 rad: x gains in y.
    assert geometry.color_from_depth[:3, 3] == pytest.approx([0.0148, 0.0, 0.0002])
    assert geometry.color_from_depth[1, 0] == pytest.approx(np.sin(0.01))
    assert geometry.color_from_depth[0, 1] == pytest.approx(-np.sin(0.01))


@pytest.mark.parametrize(
    ("model", "ros_model"),
    [
        ("none", "plumb_bob"),
        ("brown_conrady", "plumb_bob"),
        ("modified_brown_conrady", "plumb_bob"),
        ("kannala_brandt4", "equidistant"),
        ("inverse_brown_conrady", "inverse_brown_conrady"),
    ],
)
def test_distortion_is_told_as_the_device_has_it_under_the_name_that_ros_gives_it(model, ros_model):
    coefficients = (0.125, -0.25, 0.5, -0.0625, 0.03125)
    told = Distortion(model, coefficients)
    distortion = Stand(color_distortion=told).camera.geometry.distortion
    assert distortion == told
    assert distortion.ros_model == ros_model
    assert D4XX_DISTORTION.ros_model == "plumb_bob", "without coefficients it is a pinhole's"


def test_a_camera_without_depth_gives_colour_alone():
    stand = Stand(depth=False)
    assert stand.next().depth_mm is None
    assert stand.camera.geometry.color_from_depth is None


def test_dropped_images_are_counted_exactly():
    stand = Stand()
    stand.next()
    stand.emulator.drop(5)
    for _ in range(5):
        stand.send()
    assert stand.next().frame_number == 7
    assert stand.camera.status.lost == 5


def test_a_reader_that_comes_late_finds_every_image():
    stand = Stand()
    for _ in range(12):
        stand.send()
    assert [stand.camera.read().frame_number for _ in range(12)] == list(range(1, 13))
    assert stand.camera.status.lost == 0


def test_an_image_that_comes_twice_is_not_given_twice():
    stand = live()
    assert stand.next().frame_number == 1
    stand.emulator.repeat()
    with pytest.raises(DeviceTimeout, match="no new image"):
        stand.camera.read()
    with stand.emulator:
        assert stand.camera.read().frame_number > 1


def test_colour_and_depth_that_do_not_belong_together_are_left_out():
    stand = live()
    color, depth = SmoothImages(WIDTH, HEIGHT).image(0)
    for number in range(1, 11):
        # At a claimed rate of 5 Hz, 80 ms between colour and depth look near to the SDK.
        at_ms = 1.7e12 + number * 33.333
        stand.emulator.device.send_depth(depth, FrameFacts(number, at_ms, 0, 8000, None, 5.0))
        stand.emulator.device.send_color(color, FrameFacts(number, at_ms - 80, 0, 8000, None, 5.0))
    with pytest.raises(DeviceTimeout):
        stand.camera.read()
    assert stand.camera.status.mismatched > 0
    assert stand.camera.status.taken == 0


def test_a_frozen_picture_still_counts_up():
    stand = Stand()
    stand.emulator.freeze()
    first, second = stand.next(), stand.next()
    np.testing.assert_array_equal(first.color, second.color)
    assert second.frame_number == first.frame_number + 1
    stand.emulator.freeze(False)
    assert not np.array_equal(stand.next().color, first.color)


def test_a_silent_camera_times_out_and_then_goes_on():
    stand = live()
    stand.emulator.silence()
    stand.emulator.send()
    with pytest.raises(DeviceTimeout, match=r"EMU-0001 gave no new image for 0\.5 s"):
        stand.camera.read()
    stand.emulator.silence(False)
    with stand.emulator:
        assert stand.camera.read().frame_number >= 2


def test_a_camera_that_stays_silent_is_opened_again():
    clock = FakeClock()
    stand = Stand(clock=clock)
    stand.next()
    clock.advance_ns(4_000_000_000)
    with pytest.raises(DeviceDisconnected, match="must be started anew"):
        stand.camera.read()
    stand.camera.connect()
    stand.send()
    assert stand.next().frame_number == 3


def test_unplugging_is_noticed_and_replugging_gives_fresh_images():
    stand = live()
    last = stand.next()
    stand.emulator.unplug()
    with pytest.raises(DeviceDisconnected, match="it was unplugged"):
        stand.camera.read()
    with pytest.raises(DeviceError, match="not connected"):
        stand.camera.read()
    with pytest.raises(DeviceDisconnected, match="none is connected"):
        stand.camera.connect()
    stand.emulator.replug()
    stand.camera.connect()
    with stand.emulator:
        fresh = stand.camera.read()
    assert fresh.stamp_ns > last.stamp_ns
    assert (stand.camera.status.taken, stand.camera.status.restarts) == (2, 1)


def test_unplugged_and_plugged_in_again_between_two_reads_is_noticed_too():
    stand = live()
    stand.next()
    stand.emulator.unplug()
    stand.emulator.replug()
    with pytest.raises(DeviceDisconnected):
        stand.camera.read()


def test_two_running_cameras_are_told_apart_by_serial():
    class Painted:
        def __init__(self, red):
            self.red = red

        def image(self, number):
            color = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            color[:, :, 0] = self.red
            return color, np.full((HEIGHT, WIDTH), 500, np.uint16)

    clock = SystemClock()
    serials = {"EMU-LEFT": 10, "EMU-RIGHT": 20}
    emulators = [SoftwareCamera(settings(s), clock, Painted(r)) for s, r in serials.items()]
    finder = SoftwareCameras(emulators)
    with emulators[0], emulators[1]:
        for serial, red in serials.items():
            camera = RealSenseCamera(config(serial), clock, finder)
            camera.connect()
            assert camera.read().color[0, 0, 0] == red
            assert camera.status.facts.serial == serial
            camera.close()


def test_closing_twice_does_no_harm_and_connecting_again_works():
    stand = Stand()
    stand.camera.close()
    stand.camera.close()
    stand.camera.connect()
    stand.send()
    assert stand.next().frame_number > 0


def test_a_wrong_rate_shows_in_the_stamps():
    stand = live()
    stand.emulator.set_rate(15.0)
    with stand.emulator:
        stamps = [stand.camera.read().stamp_ns for _ in range(8)]
    assert np.median(np.diff(stamps)) == pytest.approx(1e9 / 15, abs=1 * MS)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (lambda e: e.silence(), lambda e: e.silence(False)),
        (lambda e: e.unplug(), lambda e: e.replug()),
        (lambda e: e.drop(1000), lambda e: e.drop(0)),
    ],
    ids=["silent", "unplugged", "dropping"],
)
def test_after_each_fault_fresh_images_come_and_no_old_one(begin, end):
    stand = live()
    with stand.emulator:
        stand.camera.read()
        begin(stand.emulator)
        began_ns = stand.clock.utc_ns()
        before = []
        with pytest.raises(DeviceError):  # noqa: PT012
            while True:
                before.append(stand.camera.read().stamp_ns)
        assert all(stamp_ns < began_ns for stamp_ns in before)
        end(stand.emulator)
        ended_ns = stand.clock.utc_ns()
        if stand.camera.status.facts is None:
            stand.camera.connect()
        # No time-out on the way: the first wait of half a second already brings one.
        assert stand.camera.read().stamp_ns > ended_ns - EXPOSURE_US * 1000


def test_an_emulated_camera_comes_up_from_the_rig_file_alone():
    camera = RealSenseCamera(config("sim://wrist"), SystemClock())
    camera.connect()
    numbers = [camera.read().frame_number for _ in range(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    camera.close()


def test_images_of_a_wrong_size_or_type_never_reach_the_sdk():
    class Wrong:
        pixels = np.zeros((10, 10, 3), np.uint8)

        def image(self, number):
            return self.pixels, np.zeros((HEIGHT, WIDTH), np.uint16)

    emulator = SoftwareCamera(settings(), FakeClock(), Wrong())
    with pytest.raises(ConfigError, match=r"uint8 \(10, 10, 3\)"):
        emulator.send()
    emulator = SoftwareCamera(settings(), FakeClock(), wrong := Wrong())
    wrong.pixels = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    with pytest.raises(ConfigError, match="float32"):
        emulator.send()
    wrong.pixels = np.zeros((HEIGHT, 2 * WIDTH, 3), np.uint8)[:, ::2]
    with pytest.raises(ConfigError, match="not contiguous"):
        emulator.send()


def test_a_reader_that_waits_is_woken_by_the_next_image():
    stand = live()
    samples = []
    reader = threading.Thread(target=lambda: samples.append(stand.camera.read()))
    reader.start()
    stand.emulator.send()
    reader.join(timeout=5)
    assert [s.frame_number for s in samples] == [1]


def test_modes_may_differ_between_colour_and_depth():
    depth = VideoMode(80, 60, 30.0)

    class Two:
        def image(self, number):
            return np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.full((60, 80), 700, np.uint16)

    stand = Stand(images=Two(), depth_modes=(depth,), depth_width=80, depth_height=60)
    assert stand.next().depth_mm.shape == (SMALL.height, SMALL.width)
