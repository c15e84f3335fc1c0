"""The simulated follower behind the protocol of follower arms; its physics run in a thread."""

import threading
from collections.abc import Mapping

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.devices.protocols import GoalSource
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError, DeviceTimeout
from teleop_collect.rig.config import Rig
from teleop_collect.samples import JointSample

STEPS = 5
STEPS_HZ = 200


class RunningPhysics:
    """The simulated rig's physics in real time, as the node `sim_rig` runs it, and its cable."""

    def __init__(self, rig: Rig) -> None:
        self.world = SimWorld(rig, 0)
        self.lock = threading.Lock()
        self.plugged = True
        self.speaks = True
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        loop = PacedLoop(STEPS_HZ, SystemClock())
        while not self._ends.is_set():
            with self.lock:
                self.world.step(STEPS)
            loop.wait()

    def close(self) -> None:
        self._ends.set()
        self._thread.join(5.0)


class SimFollower:
    """`SimWorld` as a `teleop_collect.devices.protocols.FollowerArm`."""

    def __init__(self, physics: RunningPhysics, arm: str) -> None:
        self._physics, self._arm = physics, arm
        self._joints = frozenset(physics.world.rig.arms[arm].joints)
        self._connected = False
        self._clock = SystemClock()

    def connect(self) -> None:
        if not self._physics.plugged:
            raise DeviceDisconnected("no simulated physics is running; start it")
        self._connected = True

    def read(self) -> JointSample:
        self._check()
        if not self._physics.speaks:
            raise DeviceTimeout("the simulated physics gives no new state")
        with self._physics.lock:
            return self._physics.world.joint_sample(self._arm, self._clock.utc_ns())

    def command(self, positions: Mapping[str, float]) -> None:
        self._check()
        with self._physics.lock:
            if not self._physics.world.command(self._arm, positions):
                raise ConfigError(
                    f"{dict(positions)} is no command: each value must be finite, each joint one "
                    f"of {', '.join(sorted(self._joints))}"
                )

    def exchange(self, goals: GoalSource) -> JointSample:
        sample = self.read()
        if (positions := goals()) is not None:
            self.command(positions)
        return sample

    def hold(self) -> None:
        """The world's own watchdog holds the arm when commands end."""
        self._check()

    def close(self) -> None:
        self._connected = False

    def _check(self) -> None:
        if not self._connected:
            raise DeviceError("the simulated follower is not connected; call connect() first")
        if not self._physics.plugged:
            raise DeviceDisconnected("the simulated physics has ended; connect again")
