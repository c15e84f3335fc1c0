"""Node `leader_arm`: reads every leader arm of the rig and publishes its joints.

One thread an arm, because each arm has a bus of its own and a silent bus must not delay another.
A read that fails publishes nothing: teleop sees the silence and holds.
"""

import threading
from dataclasses import dataclass

from sensor_msgs.msg import JointState

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.devices.protocols import LeaderArm
from teleop_collect.devices.registry import create_leader
from teleop_collect.errors import DeviceError, DeviceTimeout, TeleopCollectError
from teleop_collect.nodes import conversions
from teleop_collect.nodes.diagnostics import DiagnosticsPublisher
from teleop_collect.nodes.host import Host, run_node
from teleop_collect.nodes.qos import profile
from teleop_collect.process import prefer_control
from teleop_collect.rig.config import Arm
from teleop_collect.topics import FAST_QOS, LEADER_JOINT_STATES, arm_topic

RECONNECT_S = 0.5
"""Pause between attempts to open a port."""
REPORTED_TIMEOUTS = 10
"""Consecutive unanswered reads after which the log says so; single ones are only counted."""


@dataclass
class Counters:
    """What happened on one bus since the start."""

    reads: int = 0
    timeouts: int = 0
    timeouts_in_a_row: int = 0
    connected: bool = False
    error: str = ""


class LeaderReader:
    """Reads one arm and publishes; survives time-outs, unplugging and replugging."""

    def __init__(self, host: Host, name: str, arm: Arm) -> None:
        self.name = name
        self.counters = Counters()
        self.failure: TeleopCollectError | None = None
        self._host = host
        self._rate_hz = arm.leader.rate_hz
        self._clock = SystemClock()
        self._device: LeaderArm = create_leader(arm.leader, self._clock)
        topic = arm_topic(arm.prefix, LEADER_JOINT_STATES)
        self._publisher = host.node.create_publisher(JointState, topic, profile(FAST_QOS))

    def run(self) -> None:
        """Connect and read until the host stops."""
        while not self._host.stop.is_set:
            try:
                self._device.connect()
                self.counters.connected = True
                self._read_loop()
            except DeviceError as error:
                self.counters.connected = False
                self._set_error(str(error))
                self._device.close()
                self._host.stop.wait(RECONNECT_S)
            except TeleopCollectError as error:
                # A port in use or an impossible configuration does not pass by itself.
                self.failure = error
                self._host.stop.set()

    def _read_loop(self) -> None:
        loop = PacedLoop(self._rate_hz, self._clock)
        while not self._host.stop.is_set:
            loop.wait()
            try:
                sample = self._device.read()
            except DeviceTimeout as error:
                self._on_timeout(str(error))
                continue
            self.counters.reads += 1
            self.counters.timeouts_in_a_row = 0
            self._set_error("")
            self._publisher.publish(conversions.joint_state(sample))

    def _on_timeout(self, message: str) -> None:
        """Count; a person hears of it only when it lasts."""
        self.counters.timeouts += 1
        self.counters.timeouts_in_a_row += 1
        if self.counters.timeouts_in_a_row >= REPORTED_TIMEOUTS:
            self._set_error(message)

    def _set_error(self, message: str) -> None:
        if message == self.counters.error or self._host.stop.is_set:
            return
        log = self._host.node.get_logger()
        if message:
            log.error(f"leader {self.name}: {message}")
        else:
            log.info(f"leader {self.name}: reading again")
        self.counters.error = message

    def status(self) -> tuple[str, str]:
        """Level and message for diagnostics."""
        if self.counters.error or not self.counters.connected:
            return "error", self.counters.error or "not connected yet"
        return "ok", "reading"

    def close(self) -> None:
        """Release the port."""
        self._device.close()


class LeaderArmNode:
    """All leader arms of a rig."""

    def __init__(self, host: Host) -> None:
        self._host = host
        arms = host.rig().rig.arms
        self._readers = [LeaderReader(host, name, arm) for name, arm in arms.items()]
        self._diagnostics = DiagnosticsPublisher(host, self._statuses)

    def run(self) -> None:
        """Read all arms until the stop."""
        threads = [threading.Thread(target=r.run, name=r.name) for r in self._readers]
        for thread in threads:
            thread.start()
        self._host.stop.wait()
        for thread in threads:
            thread.join(timeout=2.0)
        for reader in self._readers:
            if reader.failure is not None:
                raise reader.failure

    def _statuses(self) -> list[tuple[str, str, str, dict[str, object]]]:
        rows = []
        for reader in self._readers:
            level, message = reader.status()
            rows.append((f"leader_arm: {reader.name}", level, message, vars(reader.counters)))
        return rows

    def close(self) -> None:
        """Release all ports."""
        for reader in self._readers:
            reader.close()


def main() -> int:
    """Entry point."""
    prefer_control()
    return run_node("leader_arm", LeaderArmNode)


if __name__ == "__main__":
    raise SystemExit(main())
