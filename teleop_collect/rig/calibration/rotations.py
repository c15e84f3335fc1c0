"""Whether a set of poses turns enough, and about enough axes, to fix what is sought."""

import math
from collections.abc import Sequence

import numpy as np

from teleop_collect.rig.calibration.rigid import inverse, to_vector
from teleop_collect.samples import FloatArray

MIN_TURN_RAD = math.radians(15)
MIN_SECOND_AXIS = 0.2
"""Spread of rotation axes: singular value of the second axis over that of the first."""
AXES = ("x", "y", "z")


def rotation_vectors(poses: Sequence[FloatArray]) -> FloatArray:
    """Rotation vectors between every two poses, rad, in the axes of one; shape (pairs, 3)."""
    found = [
        to_vector(inverse(first) @ second)[:3]
        for index, first in enumerate(poses)
        for second in poses[index + 1 :]
    ]
    return np.array(found).reshape(-1, 3)


def degeneracy(poses: Sequence[FloatArray], what: str) -> str | None:
    """Why rotations between poses do not fix a hand-eye transform; None when they do.

    Two rotations about axes that are not parallel are needed (Tsai and Lenz, 1989).

    Args:
        poses: 4x4, of what the arm moves.
        what: is turned, for the message.
    """
    turns = rotation_vectors(poses)
    angles = np.linalg.norm(turns, axis=1)
    largest = float(angles.max(initial=0.0))
    if largest < MIN_TURN_RAD:
        return (
            f"the poses are pure translations (largest turn {math.degrees(largest):.1f} degrees, "
            f"{math.degrees(MIN_TURN_RAD):.0f} are needed): turn {what} between poses"
        )
    _, strengths, directions = np.linalg.svd(turns)
    if strengths[1] < MIN_SECOND_AXIS * strengths[0]:
        axis = AXES[int(np.argmax(np.abs(directions[0])))]
        others = " or ".join(a for a in AXES if a != axis)
        return (
            f"all turns are about parallel axes (near {axis} of {what}): turn {what} about "
            f"{others} as well"
        )
    return None


def next_turn(poses: Sequence[FloatArray], what: str) -> str:
    """Which way to turn next, in words: about the axis that poses so far turn about least."""
    if len(poses) < 2:
        return f"turn {what} by 30 degrees"
    _, strengths, directions = np.linalg.svd(rotation_vectors(poses))
    weakest = directions[-1] if len(strengths) == len(directions) else directions[len(strengths)]
    return f"turn {what} about its {AXES[int(np.argmax(np.abs(weakest)))]} axis by 30 degrees"


def information(poses: Sequence[FloatArray]) -> float:
    """How well rotations between poses cover two axes: the second singular value, rad."""
    if len(poses) < 3:
        return 0.0
    return float(np.linalg.svd(rotation_vectors(poses), compute_uv=False)[1])


def most_informative(poses: Sequence[FloatArray], candidates: Sequence[FloatArray]) -> int:
    """Index of the candidate that adds most to `information`."""
    gains = [information([*poses, candidate]) for candidate in candidates]
    if max(gains, default=0.0) > 0:
        return int(np.argmax(gains))
    turns = [np.linalg.norm(rotation_vectors([*poses[-1:], c]), axis=1).sum() for c in candidates]
    return int(np.argmax(turns))
