"""The slow way from where the arm is to where a motion begins."""

from collections.abc import Sequence

import numpy as np

from teleop_collect.teleop.replay.trajectory import Trajectory

PEAK = 1.875
"""Highest speed of a minimum-jerk motion over its mean speed."""

SAMPLES_HZ = 100.0
MIN_DURATION_S = 0.2


def ramp(
    joints: tuple[str, ...], start: Sequence[float], end: Sequence[float], speeds: Sequence[float]
) -> Trajectory:
    """A minimum-jerk motion (Flash and Hogan, 1985) of all joints together, from rest to rest.

    Args:
        joints: names.
        start: rad or m by joint.
        end: rad or m by joint.
        speeds: highest speed of each joint, rad/s or m/s.
    """
    gaps = np.asarray(end, dtype=float) - np.asarray(start, dtype=float)
    slowest_s = float(np.max(np.abs(gaps) / np.asarray(speeds, dtype=float)))
    duration_s = max(PEAK * slowest_s, MIN_DURATION_S)
    shares = np.linspace(0.0, 1.0, int(duration_s * SAMPLES_HZ) + 2)
    profile = shares**3 * (10.0 - 15.0 * shares + 6.0 * shares**2)
    positions = np.asarray(start, dtype=float) + profile[:, None] * gaps
    return Trajectory(joints, shares * duration_s, positions)
