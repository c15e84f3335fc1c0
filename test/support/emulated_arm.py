"""A leader arm on an emulated bus in a process of its own, for tests of the driver."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import yaml

from teleop_collect.clock import SystemClock
from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.devices.dynamixel.follower import DynamixelFollower
from teleop_collect.devices.dynamixel.leader import DynamixelLeader
from teleop_collect.errors import DeviceDisconnected
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig
from teleop_collect.rig.share import shipped_rigs

Driver = TypeVar("Driver", DynamixelLeader, DynamixelFollower)

START_S = 20.0
SERVOS = {
    "shoulder_pan": {"id": 1, "model": "XL330-M288"},
    "elbow": {"id": 3, "model": "XL330-M288", "sign": -1},
    "wrist_1": {
        "id": 4, "model": "XM430-W350", "sign": -1, "scale": 0.5, "zero_rad": 0.25, "offset": 0.1,
    },
    "gripper": {"id": 7, "model": "XL330-M077"},
}  # fmt: skip


def wait_for(condition: Callable[[], bool], timeout_s: float = START_S) -> None:
    """Return once the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "condition did not come true in time"
        time.sleep(0.005)


def write_rig(folder: Path, servos: Mapping[str, Mapping[str, object]], baud: int) -> Path:
    """The shipped simulated rig with another leader arm."""
    rig = yaml.safe_load(shipped_rigs()["sim_tabletop"].read_text())
    rig["arms"]["main"]["leader"] |= {"servos": {k: dict(v) for k, v in servos.items()}}
    rig["arms"]["main"]["leader"]["baud"] = baud
    if baud < 1_000_000:
        rig["arms"]["main"]["leader"]["rate_hz"] = 20
    missing = [joint for joint in rig["arms"]["main"]["joints"] if joint not in servos]
    for joint in missing:
        rig["arms"]["main"]["mapping"][joint] = {"leader_joint": "shoulder_pan"}
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(rig))
    return path


class EmulatorProcess:
    """An emulator in a process of its own.

    Args:
        folder: for rig file, port and socket.
        name: of the port.
        rig: rig file.
        options: further command-line options.
    """

    def __init__(self, folder: Path, name: str, rig: Path, options: Sequence[str]) -> None:
        self.folder = folder
        self.path = folder / name
        self.socket = folder / f"{name}.sock"
        self.command = [
            sys.executable, "-m", "teleop_collect.devices.bus_emulator", "--rig",
            str(rig), "--arm", "main", *options, "--ros-args", "-r", "__node:=bus_emulator",
        ]  # fmt: skip
        self.environment = {**os.environ, "TELEOP_COLLECT_RUNTIME": str(folder)}
        self._drivers: list[DynamixelLeader | DynamixelFollower] = []
        self.process = self.start()
        self.client = EmulatorClient(self.socket)
        wait_for(self.answers)

    def kept(self, driver: Driver) -> Driver:
        """The driver, noted as one to be closed."""
        self._drivers.append(driver)
        return driver

    def restore(self) -> None:
        """Plugged in, without faults, and without drivers: a failed test leaves its own open."""
        self.client.plug()
        self.client.clear()
        while self._drivers:
            self._drivers.pop().close()

    def start(self) -> subprocess.Popen[str]:
        """One more emulator process for the same port."""
        return subprocess.Popen(
            self.command, env=self.environment, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def answers(self) -> bool:
        """Whether the emulator is up; fails when it has ended."""
        assert self.process.poll() is None, self.process.communicate()[1]
        try:
            self.client.status()
        except DeviceDisconnected:
            return False
        return True

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the emulator; its exit code."""
        self.client.close()
        self.process.send_signal(number)
        self.process.communicate(timeout=10)
        return self.process.returncode

    def end(self) -> None:
        """Stop it if it runs."""
        if self.process.poll() is None:
            self.stop()


class EmulatedArm(EmulatorProcess):
    """A running emulator of a leader and how to reach it."""

    def __init__(
        self, folder: Path, *, torque: bool = False, baud: int = 4_000_000, firmware: int = 52
    ) -> None:
        self.config = LeaderConfig(
            serial="TEST", port="sim://leader_main", baud=baud, rate_hz=200, servos=SERVOS
        )
        options = ["--firmware", str(firmware), *(["--torque"] if torque else [])]
        super().__init__(folder, "leader_main", write_rig(folder, SERVOS, baud), options)

    def leader(self, **changes: object) -> DynamixelLeader:
        """A driver of this arm, not connected."""
        config = self.config.model_copy(update=changes)
        return self.kept(DynamixelLeader(config, str(self.path), SystemClock()))


@contextmanager
def emulated_arm(
    *, torque: bool = False, baud: int = 4_000_000, firmware: int = 52
) -> Iterator[EmulatedArm]:
    """An emulated arm for the length of a with block; UNIX sockets need a short path."""
    with tempfile.TemporaryDirectory(prefix="tc-") as folder:
        arm = EmulatedArm(Path(folder), torque=torque, baud=baud, firmware=firmware)
        try:
            yield arm
        finally:
            arm.end()
