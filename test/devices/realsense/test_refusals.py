"""What the driver refuses, and what it says then."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.realsense_cameras import HEIGHT, WIDTH, Stand, config, settings

from teleop_collect.clock import SystemClock
from teleop_collect.devices.realsense import usb_cameras
from teleop_collect.devices.realsense.camera import RealSenseCamera
from teleop_collect.devices.realsense.sdk import import_realsense
from teleop_collect.devices.realsense.software_camera import SoftwareCamera, SoftwareCameras
from teleop_collect.devices.realsense.streams import StreamRequest, VideoMode, find_profiles
from teleop_collect.devices.realsense.usb_access import locked_cameras
from teleop_collect.devices.realsense.usb_cameras import UsbCameras
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError, UnreadableError


def connect(emulated: dict = {}, **rig) -> RealSenseCamera:  # noqa: B006
    emulator = SoftwareCamera(settings(**emulated))
    camera = RealSenseCamera(config(**rig), SystemClock(), SoftwareCameras([emulator]))
    camera.connect()
    return camera


@pytest.mark.timeout(10)
def test_without_any_camera_the_answer_comes_at_once():
    # Left to itself, the SDK's pipeline waits 15 s for a device.
    camera = RealSenseCamera(config("000000000000"), SystemClock())
    with pytest.raises(DeviceDisconnected, match="no RealSense camera with serial 000000000000"):
        camera.connect()


def test_an_unknown_serial_names_those_that_are_there():
    emulators = [SoftwareCamera(settings(s)) for s in ("EMU-A", "EMU-B")]
    camera = RealSenseCamera(config("EMU-C"), SystemClock(), SoftwareCameras(emulators))
    with pytest.raises(DeviceDisconnected) as caught:
        camera.connect()
    assert str(caught.value).startswith(
        "no RealSense camera with serial EMU-C; found EMU-A (Intel RealSense D435, USB 3.2); "
        "EMU-B (Intel RealSense D435, USB 3.2)."
    )


def test_on_usb_the_message_says_what_to_run():
    rs = import_realsense()
    remedy = UsbCameras(rs).remedy()
    assert "rs-enumerate-devices -s" in remedy


def test_a_colour_mode_that_the_camera_lacks_lists_those_it_has():
    modes = (
        VideoMode(WIDTH, HEIGHT, 30.0),
        VideoMode(WIDTH, HEIGHT, 60.0),
        VideoMode(640, 480, 30.0),
    )
    with pytest.raises(ConfigError) as caught:
        connect({"color": modes}, fps=90)
    assert "no color stream (rgb8) of 160 x 120 at 90 Hz" in str(caught.value)
    assert "it has 640 x 480 at 30 Hz, 160 x 120 at 30/60 Hz" in str(caught.value)


def test_a_depth_mode_that_the_camera_lacks_is_refused_too():
    with pytest.raises(ConfigError, match=r"no depth stream \(z16\) of 848 x 480 at 30 Hz"):
        connect(depth_width=848, depth_height=480)


@pytest.mark.parametrize(("usb", "usb_min"), [("2.1", "3.0"), ("3.0", "3.2")])
def test_a_slow_usb_connection_is_refused(usb, usb_min):
    with pytest.raises(DeviceError, match=f"at USB {usb} and the rig file asks for {usb_min}"):
        connect({"usb": usb}, usb_min=usb_min)


@pytest.mark.parametrize(("usb", "usb_min"), [("3.2", "3.2"), ("2.1", "2.0"), ("3.2", "3.1")])
def test_a_fast_usb_connection_is_reported(usb, usb_min):
    assert connect({"usb": usb}, usb_min=usb_min).status.facts.usb == usb


def option(stand: Stand, sensor: int, name: str) -> float:
    rs = import_realsense()
    return stand.emulator.device.device.query_sensors()[sensor].get_option(getattr(rs.option, name))


def test_exposure_is_locked_in_the_unit_of_the_colour_sensor():
    stand = Stand(exposure_us=8500)
    assert option(stand, 1, "enable_auto_exposure") == 0
    assert option(stand, 1, "exposure") == 85


def test_without_a_lock_exposure_is_automatic_and_keeps_the_rate():
    stand = Stand()
    assert option(stand, 1, "enable_auto_exposure") == 1
    assert option(stand, 1, "auto_exposure_priority") == 0


def test_gain_and_white_balance_are_set():
    stand = Stand(exposure_us=8000, gain=32, white_balance_k=5000)
    assert option(stand, 1, "gain") == 32
    assert option(stand, 1, "enable_auto_white_balance") == 0
    assert option(stand, 1, "white_balance") == 5000


@pytest.mark.parametrize("preset", ["High Accuracy", "high_accuracy"])
def test_a_preset_is_set_by_name(preset):
    rs = import_realsense()
    assert option(Stand(preset=preset), 0, "visual_preset") == int(
        rs.rs400_visual_preset.high_accuracy
    )


def test_an_unknown_preset_lists_the_known_ones():
    with pytest.raises(ConfigError, match=r"no preset 'Fast'; known are .*high accuracy"):
        connect(preset="Fast")


def test_a_preset_without_depth_is_refused():
    with pytest.raises(ConfigError, match="remove the preset"):
        connect(preset="Default", depth=False)


def test_a_value_outside_the_range_of_the_sensor_is_refused():
    with pytest.raises(ConfigError, match=r"gain of the colour sensor .* is 200 .* 0 to 128"):
        connect(exposure_us=8000, gain=200)


def test_a_fixed_gain_under_automatic_exposure_is_refused():
    with pytest.raises(ConfigError, match="set exposure_us too, or remove gain"):
        connect(gain=32)


def test_a_recording_that_is_none_is_refused(tmp_path: Path):
    path = tmp_path / "broken.db3"
    path.write_bytes(b"not a database")
    camera = RealSenseCamera(config(f"file://{path}"), SystemClock())
    with pytest.raises(UnreadableError, match="is no readable RealSense recording"):
        camera.connect()
    camera = RealSenseCamera(config("file:///nowhere/x.db3"), SystemClock())
    with pytest.raises(UnreadableError, match=r"no RealSense recording at /nowhere/x\.db3"):
        camera.connect()


def test_an_old_recording_that_is_not_read_names_the_conversion(tmp_path: Path):
    path = tmp_path / "old.bag"
    path.write_bytes(b"#ROSBAG V2.0\n")
    camera = RealSenseCamera(config(f"file://{path}"), SystemClock())
    with pytest.raises(UnreadableError, match=r"convert_bag_to_db3\('.*old\.bag', '.*\.db3'\)"):
        camera.connect()


class FailingCamera:
    """An emulated camera of which the SDK says at one step that it cannot be reached."""

    def __init__(self, step: str) -> None:
        (self._camera,) = SoftwareCameras([SoftwareCamera(settings())]).find()
        self._step = step

    def __getattr__(self, name: str):
        if name == self._step:
            raise RuntimeError("failed to claim usb interface: RS2_USB_STATUS_ACCESS")
        return getattr(self._camera, name)


class FailingCameras:
    def __init__(self, step: str) -> None:
        self.step = step

    def find(self) -> list[FailingCamera]:
        if self.step == "find":
            raise RuntimeError("failed to set power state")
        return [FailingCamera(self.step)]

    def remedy(self) -> str:
        return "plug it in again"


@pytest.mark.parametrize("step", ["find", "sensors", "open"])
def test_a_camera_that_the_sdk_cannot_reach_is_a_lost_device(step):
    cameras = FailingCameras(step)
    camera = RealSenseCamera(config(), SystemClock(), cameras)
    with pytest.raises(DeviceDisconnected, match=r"camera EMU-0001 .*failed to.*plug it in again"):
        camera.connect()
    cameras.step = ""
    camera.connect()
    camera.close()


def test_a_camera_that_the_sdk_loses_while_it_is_read_is_a_lost_device():
    cameras = FailingCameras("absence")
    camera = RealSenseCamera(config(), SystemClock(), cameras)
    camera.connect()
    with pytest.raises(DeviceDisconnected, match="camera EMU-0001 is gone: failed to claim"):
        camera.read()
    with pytest.raises(DeviceError, match="not connected"):
        camera.read()


class LockedDevice:
    """A device that the SDK lists and cannot open."""

    def supports(self, key: object) -> bool:
        raise RuntimeError("failed to open usb interface: RS2_USB_STATUS_ACCESS")


class Listing:
    """Stands in for the SDK's context: nothing is on USB here."""

    def __init__(self, devices: list) -> None:
        self.devices = devices

    def set_devices_changed_callback(self, callback: object) -> None:
        pass

    def query_devices(self) -> list:
        return self.devices


def listed(*serials: str) -> UsbCameras:
    emulated = [SoftwareCamera(settings(serial)).device.device for serial in serials]
    return UsbCameras(import_realsense(), Listing([LockedDevice(), *emulated]))


def test_a_listed_camera_that_is_locked_names_the_command_that_unlocks_it(monkeypatch):
    node = "/dev/bus/usb/002/007 (Intel(R) RealSense(TM) 435)"
    monkeypatch.setattr(usb_cameras, "locked_cameras", lambda: [node])
    camera = RealSenseCamera(config("EMU-B"), SystemClock(), listed("EMU-A"))
    with pytest.raises(DeviceDisconnected) as caught:
        camera.connect()
    assert "found EMU-A" in str(caught.value)
    assert f"may not open {node}: run `teleop-collect udev install`" in str(caught.value)


def test_a_camera_that_does_not_say_who_it_is_hides_no_other():
    cameras = listed("EMU-A")
    assert [camera.facts.serial for camera in cameras.find()] == ["EMU-A"]
    assert "does not say who it is (failed to open usb interface" in cameras.remedy()


class RefusingPipelines:
    """The SDK, but no pipeline starts; with nothing on USB the SDK's own would wait for 15 s."""

    def __getattr__(self, name: str):
        return getattr(import_realsense(), name)

    def pipeline(self, context: object) -> "RefusingPipelines":
        return self

    def start(self, config: object, queue: object) -> None:
        raise RuntimeError("failed to claim usb interface")


@pytest.mark.parametrize(
    ("locked", "told"), [(["/dev/bus/usb/002/007"], "udev install"), ([], "close other programs")]
)
def test_streams_that_do_not_start_tell_why_they_may_not(monkeypatch, locked, told):
    monkeypatch.setattr(usb_cameras, "locked_cameras", lambda: locked)
    rs = RefusingPipelines()
    device = SoftwareCamera(settings()).device.device
    camera = usb_cameras.UsbCamera(rs, Listing([]), device, cameras=1)
    request = StreamRequest.of(config())
    profiles = find_profiles(rs, "EMU-0001", camera.sensors(), request)
    with pytest.raises(DeviceError, match=told):
        camera.open(request, profiles)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Let access checks be those of a user without rights; root may otherwise do all."""
    real, effective, saved = os.getresuid()
    if effective == 0:
        os.setresuid(65534, 0, 0)
    try:
        yield
    finally:
        if effective == 0:
            os.setresuid(real, effective, saved)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; TMPDIR may be private."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def plug_in(folder: Path, product: str, mode: int) -> None:
    device = folder / "devices" / "2-1"
    device.mkdir(parents=True)
    facts = {"idVendor": "8086", "product": product, "busnum": "2", "devnum": "7"}
    for name, text in facts.items():
        (device / name).write_text(f"{text}\n")
    node = folder / "nodes" / "002" / "007"
    node.parent.mkdir(parents=True)
    node.touch()
    node.chmod(mode)


def test_a_camera_that_this_user_may_not_open_is_named(open_folder: Path):
    plug_in(open_folder, "Intel(R) RealSense(TM) Depth Camera 435", 0o444)
    with as_nobody():
        locked = locked_cameras(open_folder / "devices", open_folder / "nodes")
    node = open_folder / "nodes" / "002" / "007"
    assert locked == [f"{node} (Intel(R) RealSense(TM) Depth Camera 435)"]


@pytest.mark.parametrize(
    ("product", "mode"), [("Intel(R) RealSense(TM) 435", 0o666), ("Bluetooth adapter", 0o000)]
)
def test_what_may_be_opened_or_is_no_camera_is_not_named(open_folder: Path, product, mode):
    plug_in(open_folder, product, mode)
    with as_nobody():
        assert locked_cameras(open_folder / "devices", open_folder / "nodes") == []
