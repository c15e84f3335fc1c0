"""LeRobot's own `teleop_loop` between an emulated Koch leader and follower, timed.

Run by the Python of LeRobot's environment: `lerobot_loop.py LEADER FOLLOWER FPS SECONDS`. Prints
one JSON line: `fps`, `cycles` (`[read_complete_ns, written_ns]`, UTC) and `stops` by lost replies.
Leader's read and follower's write are timed where LeRobot's motor bus returns; the loop is called
as its command calls it.
"""

import contextlib
import io
import json
import sys
import time
from types import ModuleType
from typing import Any

import torch

# torchvision's import needs the schemas of two compiled operators, which are never called here.
LIBRARY = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

# The script imports every robot that LeRobot knows; this one needs libraries of its own.
OTHER_ROBOTS = ("lerobot.robots.unitree_g1", "lerobot.teleoperators.unitree_g1")
sys.modules.update({name: ModuleType(name) for name in OTHER_ROBOTS})

from lerobot.processor import make_default_processors  # noqa: E402
from lerobot.robots.koch_follower import KochFollower, KochFollowerConfig  # noqa: E402
from lerobot.scripts.lerobot_teleoperate import TeleoperateConfig, teleop_loop  # noqa: E402
from lerobot.teleoperators.koch_leader import KochLeader, KochLeaderConfig  # noqa: E402

ATTEMPTS = 8


class Cycles:
    """(read complete, written) of each cycle, ns UTC."""

    def __init__(self, leader: Any, follower: Any) -> None:
        self._read_ns = 0
        self._sync_read, self._sync_write = leader.bus.sync_read, follower.bus.sync_write
        leader.bus.sync_read, follower.bus.sync_write = self._read, self._write
        self.done: list[tuple[int, int]] = []

    def _read(self, *args: Any, **options: Any) -> Any:
        answer = self._sync_read(*args, **options)
        self._read_ns = time.time_ns()
        return answer

    def _write(self, *args: Any, **options: Any) -> None:
        self._sync_write(*args, **options)
        self.done.append((self._read_ns, time.time_ns()))


def run(leader: Any, follower: Any, fps: int, seconds: float) -> int:
    """The loop for a while. It ends with the first reply that a servo owes it, which a busy machine
    brings about; it is then started again. Returns how often."""
    end, stops = time.monotonic() + seconds, 0
    processors = make_default_processors()
    while (left_s := end - time.monotonic()) > 0:
        try:
            teleop_loop(leader, follower, fps, *processors, duration=left_s)
        except ConnectionError:
            stops += 1
    return stops


def connect(arm: Any) -> None:
    """As its command does, but without the dialogue of a calibration. A busy machine answers a ping
    too late now and then; the whole connection is then tried again."""
    for attempt in range(ATTEMPTS):
        try:
            arm.connect(calibrate=False)
            return
        except (ConnectionError, RuntimeError):
            if attempt == ATTEMPTS - 1:
                raise
            if arm.bus.is_connected:
                arm.bus.port_handler.closePort()


def main() -> None:
    """Entry point."""
    leader_path, follower_path = sys.argv[1:3]
    seconds = float(sys.argv[4])
    fps = int(float(sys.argv[3])) or TeleoperateConfig.fps
    leader = KochLeader(KochLeaderConfig(port=leader_path, id="bench"))
    follower = KochFollower(KochFollowerConfig(port=follower_path, id="bench"))
    with contextlib.redirect_stdout(io.StringIO()):
        for arm in (leader, follower):
            connect(arm)
            arm.bus.calibration = arm.bus.read_calibration()
        cycles = Cycles(leader, follower)
        stops = run(leader, follower, fps, seconds)
        with contextlib.suppress(ConnectionError):
            for arm in (leader, follower):
                arm.disconnect()
    print(json.dumps({"fps": fps, "cycles": cycles.done, "stops": stops}))


if __name__ == "__main__":
    main()
