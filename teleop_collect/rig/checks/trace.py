"""Numbers of one topic over the time it was observed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop_collect.samples import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Timing:
    """When messages came.

    Attributes:
        receive_ns: UTC time of reception, ns, shape (N,).
        age_ns: time of reception minus header stamp, ns, shape (N,); empty without headers.
    """

    receive_ns: IntArray
    age_ns: IntArray

    @property
    def intervals_s(self) -> FloatArray:
        """Times between messages, shape (N - 1,)."""
        return np.diff(self.receive_ns) / 1e9

    @property
    def least_age_s(self) -> float | None:
        """Smallest age: what is left of it when nobody was delayed; None without headers."""
        return float(self.age_ns.min()) / 1e9 if len(self.age_ns) else None


@dataclass(frozen=True, eq=False)
class Trace:
    """Values of every decoded message that had the same columns as the last one.

    Attributes:
        names: of the columns: joints, or force x, y, z and torque x, y, z.
        receive_ns: UTC time of reception, ns, shape (N,).
        values: shape (N, columns): rad or m by joint; N and Nm of a wrench.
    """

    names: tuple[str, ...]
    receive_ns: IntArray
    values: FloatArray

    def noise(self) -> dict[str, float]:
        """Standard deviation of one reading by column, without slow movement.

        Half the mean square of the differences between neighbours (the Allan variance at one
        sample): a drift or a movement that lasts many samples hardly shows in it.
        """
        if len(self.values) < 2:
            return {}
        steps = np.diff(self.values, axis=0)
        sigma = np.sqrt(np.mean(steps**2, axis=0) / 2)
        return dict(zip(self.names, sigma.tolist(), strict=True))

    def spread(self) -> dict[str, float]:
        """Largest minus smallest value by column."""
        if not len(self.values):
            return {}
        return dict(zip(self.names, np.ptp(self.values, axis=0).tolist(), strict=True))
