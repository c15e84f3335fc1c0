"""How long did nothing happen: at the start, in the middle, at the end?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Severity
from teleop_collect.qa.motion import Motion, motions

GRID_HZ = 15.0
STILL = 1e-3
"""rad or m a step: no joint changes more."""
MIN_STEPS = 7


def run(evidence: Evidence) -> Iterator[Measure]:
    """Idle time of each arm, by what was sent (by the follower where nothing was)."""
    for arm in evidence.arms:
        topic = arm.sent or arm.follower
        data = evidence.read(topic) if topic else None
        moved = motions((data,), GRID_HZ) if data else None
        if moved is None:
            continue
        for name, steps in zip(("start", "middle", "end"), idle_steps(moved[0]), strict=True):
            yield Measure(f"{name}_s", steps / GRID_HZ, "s", topic)
        share = sum(idle_steps(moved[0])) / max(len(moved[0]) - 1, 1)
        yield Measure("share", share, "1", topic)


def idle_steps(motion: Motion) -> tuple[int, int, int]:
    """Steps of idle runs of at least seven steps at the start, in the middle and at the end."""
    still = np.all(np.abs(np.diff(motion.position, axis=0)) < STILL, axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    start = middle = end = 0
    for first, last in edges.reshape(-1, 2):
        length = int(last - first)
        if length < MIN_STEPS:
            continue
        if first == 0:
            start += length
        elif last == len(still):
            end += length
        else:
            middle += length
    return start, middle, end


CHECK = Check(
    "idle_time",
    1,
    Layer.BEHAVIOUR,
    "openpi DROID: under 1e-3 a step for 7 steps at 15 Hz",
    run,
    limits=(
        Limit("a step is still below", STILL, "rad or m", Severity.INFO),
        Limit("steps at 15 Hz that make a run", MIN_STEPS, "1", Severity.INFO),
    ),
)
