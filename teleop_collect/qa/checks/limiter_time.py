"""How often did the safety chain change what the operator asked for?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import ArmStreams, Evidence
from teleop_collect.qa.findings import Check, Layer, Measure, Remark, Severity
from teleop_collect.qa.motion import motions

GRID_HZ = 200.0
SAME = 1e-4
"""rad or m: requested and sent count as equal."""
REVIEW_SHARE = 0.5


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of engaged ticks with a limiter, and how far sent is from requested."""
    if evidence.limiters is not None and len(evidence.limiters[1]):
        share = float((evidence.limiters[1] != 0).mean())
        yield Measure("limited_share", share, "1")
        if share > REVIEW_SHARE:
            yield Remark(
                Severity.REVIEW,
                f"a limiter was active in {100 * share:.0f}% of engaged ticks (limit "
                f"{100 * REVIEW_SHARE:g}%); the robot did not do what the operator asked",
                measured=100 * share,
                limit=100 * REVIEW_SHARE,
                unit="%",
            )
    for arm in evidence.arms:
        yield from _difference(evidence, arm)


def _difference(evidence: Evidence, arm: ArmStreams) -> Iterator[Measure]:
    requested = evidence.read(arm.requested) if arm.requested else None
    sent = evidence.read(arm.sent) if arm.sent else None
    both = motions((requested, sent), GRID_HZ) if requested and sent else None
    if both is None:
        return
    difference = np.abs(both[0].position - both[1].position)
    yield Measure("changed_share", float((difference > SAME).any(axis=1).mean()), "1", arm.sent)
    for column, name in enumerate(both[0].names):
        unit = "rad" if name in arm.revolute else "m"
        yield Measure(f"{name}_max", float(difference[:, column].max()), unit, arm.sent)


CHECK = Check(
    "limiter_time", 1, Layer.TECHNICAL, "own limit: a limiter in over half of engaged ticks", run
)
