"""The way that joints went, without its timing: for telling repeated movements."""

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.motion import Motion, motions
from teleop_collect.samples import FloatArray

POINTS = 32
GRID_HZ = 15.0
LEAST_STEP = 1e-3
"""rad or m, of all joints together: less is rest and noise."""
ROUNDED = 4


def way_of(evidence: Evidence) -> dict[str, tuple[float, ...]]:
    """By `PREFIX JOINT` the positions at 32 even distances along the way; empty without motion."""
    found = {}
    for arm in evidence.arms:
        data = evidence.read(arm.follower) if arm.follower else None
        moved = motions((data,), GRID_HZ) if data is not None and data.names else None
        points = _points(moved[0]) if moved is not None else None
        if moved is None or points is None:
            continue
        for column, name in enumerate(moved[0].names):
            key = f"{arm.prefix.strip('/')} {name}".strip()
            found[key] = tuple(round(float(v), ROUNDED) for v in points[:, column])
    return found


def _points(motion: Motion) -> FloatArray | None:
    steps = np.linalg.norm(np.diff(motion.position, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(np.where(steps < LEAST_STEP, 0.0, steps))])
    if way[-1] < POINTS * LEAST_STEP:
        return None
    rising = np.concatenate([[True], np.diff(way) > 0])
    wanted = np.linspace(0.0, way[-1], POINTS)
    columns = [np.interp(wanted, way[rising], q[rising]) for q in motion.position.T]
    return np.stack(columns, axis=1)
