"""A follower arm on an emulated bus in a process of its own, for tests of the driver."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml
from support.emulated_arm import EmulatorProcess

from teleop_collect.clock import SystemClock
from teleop_collect.devices.dynamixel.follower import DynamixelFollower
from teleop_collect.errors import DeviceError, DeviceTimeout
from teleop_collect.rig.config import DynamixelFollower as FollowerConfig
from teleop_collect.rig.description import JointBounds
from teleop_collect.rig.share import shipped_rigs

JOINTS = ("shoulder_pan", "elbow", "wrist_1", "gripper")
BOUNDS = {
    "shoulder_pan": JointBounds(-2.0, 2.0, 3.0),
    "elbow": JointBounds(-2.0, 2.0, 3.0),
    "wrist_1": JointBounds(-2.0, 2.0, 3.0),
    "gripper": JointBounds(0.0, 0.04, 0.2),
}
SHADOW_ID = 2
SERVOS = {
    "shoulder_pan": {"id": 1, "model": "XM540-W270"},
    "elbow": {"id": 3, "shadow_id": SHADOW_ID, "model": "XM540-W270", "sign": -1},
    "wrist_1": {"id": 4, "model": "XM430-W350"},
    "gripper": {
        "id": 7, "model": "XM430-W350", "scale": 0.02,
        "operating_mode": "current_based_position", "current_limit_a": 0.538,
    },
}  # fmt: skip
IDS = {joint: servo["id"] for joint, servo in SERVOS.items()}


def write_follower_rig(folder: Path, baud: int) -> Path:
    """A rig whose one arm has the follower's servos."""
    rig = yaml.safe_load(shipped_rigs()["sim_tabletop"].read_text())
    arm = rig["arms"]["main"]
    arm["follower"] = {
        "driver": "dynamixel", "serial": "TEST", "port": "sim://follower_main", "baud": baud,
        "servos": {joint: dict(servo) for joint, servo in SERVOS.items()},
    }  # fmt: skip
    arm["joints"] = list(JOINTS)
    arm["home"] = {}
    arm["limits"] = {
        j: {"lower": b.lower, "upper": b.upper} for j, b in BOUNDS.items() if j != "gripper"
    }
    arm["leader"]["servos"] = {j: s for j, s in arm["leader"]["servos"].items() if j in JOINTS}
    arm.pop("wrench", None)
    own = {key: rig[key] for key in ("schema", "name", "embodiment", "arms", "recording")}
    own["tasks"] = {"move": {"instruction": "move"}}
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(own))
    return path


class EmulatedFollower(EmulatorProcess):
    """A running emulator of a follower and how to reach it."""

    def __init__(self, folder: Path, *, baud: int = 4_000_000, firmware: int = 52) -> None:
        self.config = FollowerConfig(
            driver="dynamixel", serial="TEST", port="sim://follower_main", baud=baud,
            rate_hz=200, servos=SERVOS, torque_ramp_s=0.1,
        )  # fmt: skip
        rig = write_follower_rig(folder, baud)
        options = ["--follower", "--firmware", str(firmware)]
        super().__init__(folder, "follower_main", rig, options)

    def follower(self, **changes: object) -> DynamixelFollower:
        """A driver of this arm, not connected."""
        bounds = changes.pop("bounds", BOUNDS)
        config = self.config.model_copy(update=changes)
        return self.kept(DynamixelFollower(config, str(self.path), SystemClock(), bounds))

    def servo(self, joint: str) -> dict[str, float]:
        """What the emulator knows of one servo."""
        return self.client.status()["servos"][str(IDS[joint])]

    def torque(self, joint: str) -> bool:
        """Whether one servo's torque is on."""
        return self.client.status()["torque"][str(IDS[joint])]


@contextmanager
def emulated_follower(**options: int) -> Iterator[EmulatedFollower]:
    """An emulated follower for the length of a with block; UNIX sockets need a short path."""
    with tempfile.TemporaryDirectory(prefix="tc-") as folder:
        arm = EmulatedFollower(Path(folder), **options)
        try:
            yield arm
        finally:
            arm.end()


def read_again(follower: DynamixelFollower, timeout_s: float = 20.0):
    """The next sample, at most `timeout_s` from now; time-outs on the way are part of the fault."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with suppress(DeviceTimeout):
            return follower.read()
        time.sleep(0.002)
    raise AssertionError("not reading again in time")


def reconnect(follower: DynamixelFollower, timeout_s: float = 20.0):
    """Connect and read, as a node does after a loss; the first sample."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        follower.close()
        with suppress(DeviceError):
            follower.connect()
            return follower.read()
        time.sleep(0.02)
    raise AssertionError("not reading again in time")


def drive(follower: DynamixelFollower, goal: dict[str, float], until, timeout_s: float = 20.0):
    """Command and read at 100 Hz until a condition on the sample holds; all samples."""
    deadline = time.monotonic() + timeout_s
    samples = []
    while True:
        follower.command(goal)
        samples.append(read_again(follower))
        if until(samples[-1]):
            return samples
        assert time.monotonic() < deadline, f"never came: {samples[-1]}"
        time.sleep(0.01)
