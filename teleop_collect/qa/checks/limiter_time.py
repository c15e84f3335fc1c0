"""How often did the safety chain change what the operator asked for?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import motions

GRID_HZ = 200.0
FAR = {"rad": float(np.radians(2.0)), "m": 0.002}
"""Sent differs noticeably from requested; less is the limiters' ordinary smoothing."""
REVIEW_SHARE = 0.1


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of engaged ticks with a limiter, and how long sent was far from requested."""
    if evidence.limiters is not None and len(evidence.limiters[1]):
        yield Measure("limited_share", float((evidence.limiters[1] != 0).mean()), "1")
    for arm in evidence.arms:
        yield from _difference(evidence, arm)


def _difference(evidence: Evidence, arm: ArmStreams) -> Iterator[Remark | Measure]:
    requested = evidence.read(arm.requested) if arm.requested else None
    sent = evidence.read(arm.sent) if arm.sent else None
    both = motions((requested, sent), GRID_HZ) if requested and sent else None
    if both is None:
        return
    difference = np.abs(both[0].position - both[1].position)
    units = [arm.unit(name) for name in both[0].names]
    for column, (name, unit) in enumerate(zip(both[0].names, units, strict=True)):
        yield Measure(f"{name}_max", float(difference[:, column].max()), unit, arm.sent)
    far = (difference > np.array([FAR[unit] for unit in units])).any(axis=1)
    share = float(far.mean())
    yield Measure("far_share", share, "1", arm.sent)
    if share > REVIEW_SHARE:
        column = int(np.argmax(difference.max(axis=0)))
        yield Remark(
            Severity.REVIEW,
            f"for {100 * share:.0f}% of the time the limiters kept the robot noticeably from what "
            f"the operator asked (limit {100 * REVIEW_SHARE:g}%), most of all "
            f"{both[0].names[column]}: {difference[:, column].max():.3f} {units[column]}",
            arm.sent,
            measured=100 * share,
            limit=100 * REVIEW_SHARE,
            unit="%",
        )


CHECK = Check(
    "limiter_time",
    1,
    Layer.TECHNICAL,
    "own limit: sent over 2 degrees or 2 mm from requested for over 10% of the time",
    run,
    limits=(
        Limit("sent is far from requested", FAR["rad"], "rad", Severity.INFO),
        Limit("sent is far from requested", FAR["m"], "m", Severity.INFO),
        Limit("share of the time that it is", 100 * REVIEW_SHARE, "%"),
    ),
)
