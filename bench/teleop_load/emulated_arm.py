"""Leader and follower of one Koch arm on emulated buses, whose leader a hand moves all the time."""

import math
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import yaml
from recording_load.processes import Process

from teleop_collect.devices.bus_emulator.client import EmulatorClient
from teleop_collect.errors import DeviceDisconnected
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.rehearsal import emulated_rig
from teleop_collect.rig.runtime import control_socket, device_path

ARM = "main"
RIG = "koch_v1_1"
BAUD = 1_000_000
"""The Koch's own, and the one that LeRobot opens."""
CAMERAS = ("scene", "wrist")
WIDTH, HEIGHT, FPS = 640, 480, 30
HAND_HZ = 100.0
HAND_S = 300.0


def write_rig(folder: Path, rate_hz: float) -> LoadedRig:
    """The shipped Koch rig on emulated buses, all of it at one rate, with two RGB-D cameras."""
    loaded = emulated_rig(load_rig(RIG), folder)
    data = yaml.safe_load(loaded.text)
    arm = data["arms"][ARM]
    for side in ("leader", "follower"):
        arm[side] |= {"rate_hz": rate_hz, "baud": BAUD}
    arm["leader"].pop("comfort", None)
    arm["follower"]["torque_ramp_s"] = 0.0
    data["teleop"] = {"rate_hz": rate_hz, "align": {"ramp_rad_s": 1.0}}
    camera = {"driver": "topic", "width": WIDTH, "height": HEIGHT, "fps": FPS}
    data["cameras"] = {name: {**camera, "serial": f"LOAD-{name}"} for name in CAMERAS}
    data["recording"] = {"compression": "none", "min_free_bytes": 0}
    path = folder / f"koch_{rate_hz:g}.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return load_rig(str(path))


class EmulatedArm:
    """Both buses while the context lasts; the hand moves until the end."""

    def __init__(self, loaded: LoadedRig, log: Path) -> None:
        self._loaded, self._log = loaded, log
        self._stack = ExitStack()
        arm = loaded.rig.arms[ARM]
        self._ports = {"leader": arm.leader.port, "follower": arm.follower.port}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for side in ("leader", "follower"):
                command = [sys.executable, "-m", "teleop_collect.devices.bus_emulator"]
                command += ["--rig", str(self._loaded.path), "--arm", ARM]
                command += ["--follower"] if side == "follower" else []
                stack.enter_context(Process(command, self._log))
            self._clients = {s: EmulatorClient(control_socket(p)) for s, p in self._ports.items()}
            for client in self._clients.values():
                stack.callback(client.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def path(self, side: str) -> Path:
        """The serial device of one side."""
        return device_path(self._ports[side])

    @property
    def is_up(self) -> bool:
        """Whether both emulators answer."""
        try:
            return all(client.status()["plugged"] for client in self._clients.values())
        except DeviceDisconnected:
            return False

    def move(self) -> None:
        """Let the hand move every joint on a sine of its own."""
        arm = self._loaded.rig.arms[ARM]
        joints = arm.joints
        rows = []
        for sample in range(round(HAND_S * HAND_HZ)):
            t_s = sample / HAND_HZ
            rows.append([_wave(arm.home.get(j, 0.0) * (0.5 if j == "gripper" else 1.0), n, t_s)
                         for n, j in enumerate(joints)])  # fmt: skip
        trajectory = {"rate_hz": HAND_HZ, "joints": joints, "positions": rows}
        self._clients["leader"].play(trajectory)


def _wave(center_rad: float, number: int, t_s: float) -> float:
    """Up to 1.5 rad/s, from rest at the centre: hardly two readings are alike, at 500 Hz too."""
    hz = 0.4 + 0.09 * number
    return center_rad + 0.3 * min(t_s / 2.0, 1.0) * math.sin(2 * math.pi * hz * t_s)
