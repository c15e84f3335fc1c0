"""What calibrations are computed from, whoever gathered it: a running rig, or a recording."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from teleop_collect.rig.calibration.charuco import Image
from teleop_collect.rig.calibration.latency import Signal
from teleop_collect.samples import FloatArray

STILL_RAD = 0.004
"""Range of every joint (rad or m) within which an arm counts as standing still."""


@dataclass(frozen=True)
class StillSample:
    """An arm that stands still, and what its sensors show.

    Attributes:
        joints: mean positions by name.
        noise_rad: standard deviation of each joint.
        image: of a camera; None where none was asked for.
        force_n: mean, shape (3,); None where no wrench was asked for.
        torque_nm: mean, shape (3,).
        noise_n: standard deviation of the force's worst component.
    """

    joints: Mapping[str, float]
    noise_rad: Mapping[str, float]
    image: Image | None = None
    force_n: FloatArray | None = None
    torque_nm: FloatArray | None = None
    noise_n: float = 0.0

    def is_near(self, other: "StillSample", limit: float) -> bool:
        """Whether no joint differs by more than `limit` (rad or m)."""
        return all(abs(v - other.joints.get(j, np.inf)) <= limit for j, v in self.joints.items())


@dataclass(frozen=True)
class JointTrace:
    """Joint positions over time.

    Attributes:
        t_s: shape (n,), ascending.
        positions: by joint name, each of shape (n,).
    """

    t_s: FloatArray
    positions: Mapping[str, FloatArray]

    def signal(self, joint: str) -> Signal:
        """One joint's positions."""
        return Signal(self.t_s, self.positions[joint])

    def still_windows(self, window_s: float) -> list[slice]:
        """Stretches of at least `window_s` in which every joint stands still, in order."""
        if len(self.t_s) < 2:
            return []
        found, start = list[slice](), 0
        values = np.stack(list(self.positions.values()), axis=1)
        low, high = values[0].copy(), values[0].copy()
        for index in range(1, len(self.t_s) + 1):
            ended = index == len(self.t_s)
            if not ended:
                new_low, new_high = np.minimum(low, values[index]), np.maximum(high, values[index])
                if (new_high - new_low <= STILL_RAD).all():
                    low, high = new_low, new_high
                    continue
            if self.t_s[index - 1] - self.t_s[start] >= window_s:
                found.append(slice(start, index))
            if not ended:
                start, low, high = index, values[index].copy(), values[index].copy()
        return found


@dataclass(frozen=True)
class MotionTrace:
    """An arm that moves, and what was asked of it and seen of it meanwhile.

    Attributes:
        measured: the follower's joints.
        sent: what it was told; None where nobody told.
        images: (time in s, image) of a camera.
    """

    measured: JointTrace
    sent: JointTrace | None = None
    images: tuple[tuple[float, Image], ...] = field(default=())
