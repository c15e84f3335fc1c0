"""Human reaching as a sum of minimum-jerk submovements.

A person's hand goes from rest to rest along the profile of least jerk (Flash and Hogan, J.
Neurosci. 5, 1985), and a movement with corrections or via points is well described by adding such
submovements, each with its own onset and duration, also while an earlier one still runs (Flash and
Henis, J. Cogn. Neurosci. 3, 1991).
"""

from dataclasses import dataclass, field

import numpy as np

from teleop_collect.samples import FloatArray


def min_jerk(phase: FloatArray) -> FloatArray:
    """Share of the way covered at a share of the time: 10 p^3 - 15 p^4 + 6 p^5, p cut to 0..1."""
    p = np.clip(phase, 0.0, 1.0)
    return p * p * p * (10.0 + p * (6.0 * p - 15.0))


@dataclass
class SubmovementTrack:
    """Several coordinates that move by superposed submovements.

    Attributes:
        start: value of each coordinate at time 0, shape (n,).
        now_s: where the next submovement begins unless it overlaps.
    """

    start: FloatArray
    now_s: float = 0.0
    _goal: FloatArray = field(init=False)
    _parts: list[tuple[float, float, FloatArray]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._goal = np.array(self.start, dtype=float)

    @property
    def goal(self) -> FloatArray:
        """Value of each coordinate when all submovements so far have ended."""
        return self._goal.copy()

    def wait(self, duration_s: float) -> None:
        """Stay."""
        self.now_s += duration_s

    def move(self, goal: FloatArray, duration_s: float, overlap_s: float = 0.0) -> None:
        """Go to a goal.

        Args:
            goal: value of each coordinate at the end, shape (n,).
            duration_s: duration of the submovement.
            overlap_s: how long before the end of the previous one it begins.
        """
        onset_s = max(0.0, self.now_s - overlap_s)
        self._parts.append((onset_s, duration_s, np.asarray(goal, dtype=float) - self._goal))
        self._goal = np.array(goal, dtype=float)
        self.now_s = max(self.now_s, onset_s + duration_s)

    def at(self, times_s: FloatArray) -> FloatArray:
        """Values at times: shape (len(times_s), n)."""
        values = np.tile(np.asarray(self.start, dtype=float), (len(times_s), 1))
        for onset_s, duration_s, delta in self._parts:
            values += min_jerk((times_s - onset_s) / duration_s)[:, None] * delta
        return values
