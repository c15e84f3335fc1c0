"""How smooth was the movement? Compare only within one task and one input device."""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Measure
from teleop_collect.qa.motion import motions
from teleop_collect.qa.smoothness import log_dimensionless_jerk, low_passed, sparc

GRID_HZ = 100.0
CUTOFF_HZ = 10.0


def run(evidence: Evidence) -> Iterator[Measure]:
    """SPARC and LDLJ of the norm of the follower's joint velocities, low-passed at 10 Hz."""
    for arm in evidence.arms:
        data = evidence.read(arm.follower) if arm.follower else None
        moved = motions((data,), GRID_HZ) if data else None
        if moved is None:
            continue
        speed = low_passed(moved[0].speed(), GRID_HZ, CUTOFF_HZ)
        for name, value in (
            ("sparc", sparc(speed, GRID_HZ)),
            ("ldlj", log_dimensionless_jerk(speed, GRID_HZ)),
        ):
            if np.isfinite(value):
                yield Measure(name, value, "1", arm.follower)


CHECK = Check(
    "smoothness",
    1,
    Layer.BEHAVIOUR,
    "SPARC: Balasubramanian 2015; LDLJ: Hogan and Sternad 2009; no absolute limit exists",
    run,
)
