"""Runs `leader_arm` or `follower_arm` and notes when its driver has read or written.

    python -m teleop_load.timed_drivers {leader,follower} OUT --ros-args ...

The node and its driver are the package's own; only the driver's answers pass through a note of the
time. OUT gets one JSON line at the end: for a leader `[stamp_ns, read_complete_ns]` of each sample,
for a follower `[write_ns, [positions]]` of each new command, UTC, taken when the goals have been
handed to the serial port.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from teleop_collect.devices.dynamixel import models
from teleop_collect.devices.dynamixel.sdk_port import SdkPort
from teleop_collect.nodes import follower_arm, leader_arm
from teleop_collect.samples import JointSample

INSTRUCTION = 7
"""Place of the instruction in a packet of protocol 2.0; a Sync Write's address follows it."""
GOALS = bytes([0x83, models.GOAL_POSITION.address, 0])


class Timed:
    """A driver that is what it stands for but for what it notes."""

    def __init__(self, device: Any, notes: list[Any]) -> None:
        self._device, self._notes = device, notes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)


class TimedLeader(Timed):
    """Notes when each read is complete."""

    def read(self) -> JointSample:
        """As the driver's."""
        sample: JointSample = self._device.read()
        self._notes.append([sample.stamp_ns, time.time_ns()])
        return sample


class TimedFollower(Timed):
    """Notes when each command's packet has been handed to the port."""

    def __init__(self, device: Any, notes: list[Any]) -> None:
        super().__init__(device, notes)
        self._goals: list[float] | None = None
        write = SdkPort.writePort

        def timed_write(port: SdkPort, packet: bytes) -> int:
            sent: int = write(port, packet)
            if self._goals is not None and bytes(packet[INSTRUCTION:][:3]) == GOALS:
                notes.append([time.time_ns(), self._goals])
                self._goals = None
            return sent

        SdkPort.writePort = timed_write  # type: ignore[method-assign]

    def exchange(self, goals: Callable[[], Mapping[str, float] | None]) -> JointSample:
        """As the driver's."""

        def noted() -> Mapping[str, float] | None:
            positions = goals()
            self._goals = None if positions is None else list(positions.values())
            return positions

        sample: JointSample = self._device.exchange(noted)
        return sample


def main() -> int:
    """Entry point."""
    side, out = sys.argv[1], Path(sys.argv[2])
    del sys.argv[1:3]
    notes: list[Any] = []
    node, maker, timed = {
        "leader": (leader_arm, "create_leader", TimedLeader),
        "follower": (follower_arm, "create_follower", TimedFollower),
    }[side]
    create = getattr(node, maker)
    setattr(node, maker, lambda *arguments: timed(create(*arguments), notes))
    code = node.main()
    out.write_text(json.dumps(notes))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
