"""The emulated hand of the operator: it moves the joints of the leader along a trajectory.

Between samples the path is a cubic Hermite spline whose slope at a sample is the central
difference (Catmull-Rom), so that velocity is continuous; it passes through every sample.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from teleop_collect.errors import ConfigError

MIN_RATE_HZ = 0.1
MAX_RATE_HZ = 10_000.0


@dataclass(frozen=True)
class HandTrajectory:
    """Joint positions at a fixed rate.

    Attributes:
        rate_hz: samples per second.
        columns: positions of each joint by name, all of the same length.
        samples: that length.
    """

    rate_hz: float
    columns: Mapping[str, tuple[float, ...]]
    samples: int

    @property
    def duration_s(self) -> float:
        """From the first to the last sample."""
        return (self.samples - 1) / self.rate_hz

    @classmethod
    def from_message(cls, message: Mapping[str, object], known: Sequence[str]) -> "HandTrajectory":
        """Check and take `{"rate_hz", "joints", "positions"}`; positions is samples x joints.

        Raises:
            ConfigError: something is missing, not finite, of the wrong shape or names no joint of
                the arm.
        """
        rate_hz = message.get("rate_hz")
        joints, rows = message.get("joints"), message.get("positions")
        if not isinstance(rate_hz, int | float) or not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise ConfigError(
                f"rate_hz is {rate_hz!r}; it must lie between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:g}"
            )
        if not isinstance(joints, list) or not joints or len(set(joints)) < len(joints):
            raise ConfigError("joints must be a list of different joint names")
        _check_names(joints, known)
        if not isinstance(rows, list) or not rows:
            raise ConfigError("positions must be a list of at least one row")
        try:
            columns = [tuple(map(float, column)) for column in zip(*rows, strict=True)]
        except (TypeError, ValueError) as error:
            raise ConfigError("positions must be rows of numbers, all of one length") from error
        if len(columns) != len(joints):
            raise ConfigError(
                f"each row of positions must have {len(joints)} numbers, one a joint; "
                f"these have {len(columns)}"
            )
        if not all(math.isfinite(value) for column in columns for value in column):
            raise ConfigError("positions must be finite")
        return cls(float(rate_hz), dict(zip(joints, columns, strict=True)), len(rows))

    def at(self, joint: str, t_s: float) -> tuple[float, float]:
        """Position and velocity (per s) of a joint `t_s` after the start; it rests at both ends."""
        column = self.columns[joint]
        place = t_s * self.rate_hz
        index = math.floor(place)
        if index < 0 or place >= self.samples - 1:
            return column[0] if index < 0 else column[-1], 0.0
        return self._between(column, index, place - index)

    def _between(self, column: tuple[float, ...], index: int, u: float) -> tuple[float, float]:
        start, end = column[index], column[index + 1]
        slope_in, slope_out = _slope(column, index), _slope(column, index + 1)
        step = end - start
        # Cubic Hermite polynomial in u of [0, 1]; slopes are per sample.
        a = slope_in + slope_out - 2 * step
        b = 3 * step - 2 * slope_in - slope_out
        position = ((a * u + b) * u + slope_in) * u + start
        velocity = ((3 * a * u + 2 * b) * u + slope_in) * self.rate_hz
        return position, velocity


def _slope(column: tuple[float, ...], index: int) -> float:
    """Central difference; the hand starts and ends at rest."""
    if index == 0 or index == len(column) - 1:
        return 0.0
    return (column[index + 1] - column[index - 1]) / 2


def _check_names(joints: Sequence[object], known: Sequence[str]) -> None:
    unknown = [joint for joint in joints if joint not in known]
    if unknown:
        raise ConfigError(f"no leader joint {unknown[0]!r}; this arm has {', '.join(known)}")


class Hand:
    """Holds every joint of one leader arm, and moves them when told.

    Args:
        pose: positions at first, by joint name.
    """

    def __init__(self, pose: Mapping[str, float]) -> None:
        self._pose = dict(pose)
        self._trajectory: HandTrajectory | None = None
        self._start_ns = 0

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of all joints."""
        return tuple(self._pose)

    def play(self, trajectory: HandTrajectory, now_ns: int) -> None:
        """Move from now on; joints not in the trajectory stay where they are."""
        self.stop(now_ns)
        self._trajectory, self._start_ns = trajectory, now_ns

    def stop(self, now_ns: int) -> None:
        """Stay where the joints are."""
        self._pose = {joint: self.at(joint, now_ns)[0] for joint in self._pose}
        self._trajectory = None

    def set_pose(self, pose: Mapping[str, float], now_ns: int) -> None:
        """Be at a pose at once; joints not named stay.

        Raises:
            ConfigError: a joint is not known or a position not finite.
        """
        _check_names(list(pose), self.joints)
        if not all(isinstance(v, int | float) and math.isfinite(v) for v in pose.values()):
            raise ConfigError("positions must be finite numbers")
        self.stop(now_ns)
        self._pose |= {joint: float(value) for joint, value in pose.items()}

    def at(self, joint: str, now_ns: int) -> tuple[float, float]:
        """Position and velocity (per s) of a joint at a monotonic time."""
        if self._trajectory is None or joint not in self._trajectory.columns:
            return self._pose[joint], 0.0
        return self._trajectory.at(joint, (now_ns - self._start_ns) / 1e9)

    def progress_s(self, now_ns: int) -> float | None:
        """Time since the trajectory's start; None when none is playing."""
        if self._trajectory is None:
            return None
        t_s = (now_ns - self._start_ns) / 1e9
        return t_s if t_s < self._trajectory.duration_s else None
