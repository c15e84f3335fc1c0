"""Joint positions over time, as recorded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import ConfigError
from teleop_collect.samples import FloatArray

MIN_SAMPLES = 2


@dataclass(frozen=True)
class Trajectory:
    """Positions of some joints at increasing times.

    Attributes:
        joints: names.
        times_s: from 0 on, shape (samples,), increasing.
        positions: rad or m, shape (samples, joints).
    """

    joints: tuple[str, ...]
    times_s: FloatArray
    positions: FloatArray

    @property
    def duration_s(self) -> float:
        """From the first to the last sample."""
        return float(self.times_s[-1])

    def at(self, t_s: float) -> tuple[float, ...]:
        """Positions at a time, between samples on the straight line; the ends are kept."""
        t_s = min(max(t_s, 0.0), self.duration_s)
        after = int(np.searchsorted(self.times_s, t_s, side="right"))
        after = min(max(after, 1), len(self.times_s) - 1)
        before_s, after_s = self.times_s[after - 1], self.times_s[after]
        share = (t_s - before_s) / (after_s - before_s)
        start, end = self.positions[after - 1], self.positions[after]
        return tuple((start + share * (end - start)).tolist())

    def scaled(self, speed: float) -> "Trajectory":
        """The same way, `speed` times as fast."""
        return Trajectory(self.joints, self.times_s / speed, self.positions)


def recorded_trajectory(
    joints: tuple[str, ...],
    names: tuple[str, ...],
    stamp_ns: NDArray[np.int64],
    positions: FloatArray,
) -> Trajectory:
    """What a stream of joint states says of some joints.

    Args:
        joints: of the arm, in the order wanted.
        names: of the columns.
        stamp_ns: UTC ns, shape (samples,); samples that do not come later are left out.
        positions: rad or m, shape (samples, names).

    Raises:
        ConfigError: a joint is missing, or there is no motion to replay.
    """
    missing = [joint for joint in joints if joint not in names]
    if missing:
        raise ConfigError(
            f"the episode has no joint {', '.join(missing)} of this rig's arm; it has "
            f"{', '.join(names) or 'none'}; replay it on the rig that it was recorded with"
        )
    if len(stamp_ns) < MIN_SAMPLES:
        raise ConfigError(f"the episode has {len(stamp_ns)} commands; there is nothing to replay")
    stamps = np.asarray(stamp_ns, dtype=np.int64)
    later = np.concatenate([[True], stamps[1:] > np.maximum.accumulate(stamps)[:-1]])
    columns = [names.index(joint) for joint in joints]
    times_s = (stamps[later] - stamps[later][0]) / NS_PER_S
    if len(times_s) < MIN_SAMPLES:
        raise ConfigError("all commands of the episode have one stamp; there is nothing to replay")
    return Trajectory(joints, times_s, np.asarray(positions, dtype=float)[later][:, columns])
