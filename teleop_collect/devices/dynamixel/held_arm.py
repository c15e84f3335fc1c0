"""A follower of Dynamixel servos that a person holds: torque off, positions read.

The follower's own driver keeps the arm where it is; for calibrating zeros the arm must be free.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from teleop_collect.clock import NS_PER_S, Clock
from teleop_collect.devices.dynamixel.leader import DynamixelLeader
from teleop_collect.rig.calibration.samples import StillSample
from teleop_collect.rig.config import DynamixelFollower
from teleop_collect.rig.config import DynamixelLeader as LeaderConfig

RATE_HZ = 100.0
WINDOW_S = 0.5


class HeldArm:
    """The servos of a follower without torque; use it as a context manager.

    Args:
        config: the follower of the rig file.
        port_path: device to open.
        clock: paces readings.
        warn: called with what the person must know before torque goes off.
    """

    def __init__(
        self, config: DynamixelFollower, port_path: str, clock: Clock, warn: Callable[[str], None]
    ) -> None:
        self._clock, self._warn = clock, warn
        free = LeaderConfig(
            serial=config.serial, port=config.port, baud=config.baud, rate_hz=RATE_HZ,
            servos=config.servos,
        )  # fmt: skip
        self._device = DynamixelLeader(free, port_path, clock)

    def __enter__(self) -> Self:
        self._warn("torque goes off now: hold the arm, or it falls")
        self._device.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._device.close()

    def still(self) -> StillSample:
        """Read all joints for half a second.

        Raises:
            DeviceTimeout: a servo does not answer.
            DeviceDisconnected: the port is gone.
        """
        rows, period_ns = [], round(NS_PER_S / RATE_HZ)
        next_ns = self._clock.monotonic_ns()
        for _ in range(round(WINDOW_S * RATE_HZ)):
            rows.append(self._device.read())
            next_ns += period_ns
            self._clock.sleep_until_ns(next_ns)
        values = np.array([row.position for row in rows])
        mean, noise = values.mean(axis=0).tolist(), values.std(axis=0).tolist()
        names = rows[0].names
        return StillSample(
            dict(zip(names, mean, strict=True)), dict(zip(names, noise, strict=True))
        )
