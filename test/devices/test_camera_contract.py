"""The contract of cameras, kept by every implementation."""

import threading

import pytest
from support.contracts.camera import CameraContract

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.devices.realsense.camera import RealSenseCamera
from teleop_collect.devices.realsense.software_camera import (
    SoftwareCamera,
    SoftwareCameras,
    SoftwareCameraSettings,
)
from teleop_collect.devices.realsense.streams import VideoMode
from teleop_collect.devices.sim.camera import SimCamera
from teleop_collect.devices.sim.state_file import StateWriter
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.rig.camera_config import RealSenseCamera as RealSenseConfig
from teleop_collect.rig.load import load_rig

SWEEP_RAD = 0.6
STATES_HZ = 100
STEPS_A_STATE = 10


class SimulatedStand:
    """A simulated camera; unplugging it is ending its physics."""

    width, height = 64, 48

    def __init__(self, folder, depth):
        self.depth = depth
        rig = load_rig("sim_tabletop").rig
        camera = rig.cameras["wrist"].model_copy(
            update={"width": self.width, "height": self.height, "depth": depth}
        )
        self._rig = rig.model_copy(
            update={
                "cameras": {"wrist": camera},
                "sim": rig.sim.model_copy(update={"render": "raycast"}),
            }
        )
        self._path = folder / "state"
        self._clock = SystemClock()
        self._world = SimWorld(self._rig, 0)
        self.plug()

    def driver(self):
        return SimCamera(self._rig, "wrist", self._path, self._clock)

    def unplug(self):
        self._stop.set()
        self._thread.join(5.0)

    def plug(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        """The arm sweeps to and fro, so that the wrist camera sees something new in each image."""
        writer = StateWriter(self._path, self._world)
        loop = PacedLoop(STATES_HZ, self._clock)
        while not self._stop.is_set():
            turn = 1 if int(self._world.time_s * 2) % 2 else -1
            self._world.command("main", {"shoulder_pan": turn * SWEEP_RAD})
            self._world.step(STEPS_A_STATE)
            writer.write(self._world, self._clock.utc_ns())
            loop.wait()
        writer.close()


class RealSenseStand:
    """A RealSense driver on an emulated camera behind the real SDK."""

    width, height = 64, 48
    serial = "EMU-0001"

    def __init__(self, depth):
        self.depth = depth
        mode = VideoMode(self.width, self.height, 30.0)
        settings = SoftwareCameraSettings(self.serial, (mode,), (mode,))
        self._clock = SystemClock()
        self.emulator = SoftwareCamera(settings, self._clock).start()

    def driver(self):
        config = RealSenseConfig(
            driver="realsense", serial=self.serial, width=self.width, height=self.height,
            depth=self.depth,
        )  # fmt: skip
        return RealSenseCamera(config, self._clock, SoftwareCameras([self.emulator]))

    def unplug(self):
        self.emulator.unplug()

    def plug(self):
        self.emulator.replug()


BOTH = pytest.mark.parametrize("depth", [True, False], ids=["depth", "no depth"])


@BOTH
class TestRealSenseCamera(CameraContract):
    @pytest.fixture
    def stand(self, depth):
        stand = RealSenseStand(depth)
        yield stand
        stand.emulator.close()


@BOTH
class TestSimCamera(CameraContract):
    @pytest.fixture
    def stand(self, tmp_path, depth):
        stand = SimulatedStand(tmp_path, depth)
        yield stand
        stand.unplug()
