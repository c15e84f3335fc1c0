"""Does the follower rest where the leader asks it to be?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import motions, rests

GRID_HZ = 200.0
LIMIT_RAD = float(np.radians(4.0))
MIN_STABLE_S = 0.3


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Median of measured minus requested, of each revolute joint, while the request rests.

    The request is the leader's position, mapped, before limits; where it was not recorded, the
    leader's own position is compared for joints of the same name.
    """
    for arm in evidence.arms:
        topic = arm.requested or arm.leader
        asked = evidence.read(topic) if topic else None
        measured = evidence.read(arm.follower) if arm.follower else None
        both = motions((asked, measured), GRID_HZ) if asked and measured else None
        if both is None:
            continue
        engaged = evidence.is_engaged(both[0])
        for name in both[0].names:
            if arm.revolute and name not in arm.revolute:
                continue
            still = rests(both[0].column(name), GRID_HZ) & engaged
            if still.sum() >= MIN_STABLE_S * GRID_HZ:
                error = (both[1].column(name) - both[0].column(name))[still]
                yield from _judge(arm, name, float(np.median(error)))


def _judge(arm: ArmStreams, name: str, offset: float) -> Iterator[Remark | Measure]:
    yield Measure(f"{name}_offset_rad", offset, "rad", arm.follower)
    if abs(offset) > LIMIT_RAD:
        yield Remark(
            Severity.REVIEW,
            f"{name} rests {offset:+.4f} rad from where the leader is (limit {LIMIT_RAD:.4f} rad); "
            "a zero or the mapping is off",
            arm.follower,
            measured=abs(offset),
            limit=LIMIT_RAD,
            unit="rad",
        )


CHECK = Check(
    "leader_offset",
    1,
    Layer.TECHNICAL,
    "offset over 4 degrees on stable stretches is significant: lerobot #3762",
    run,
    limits=(Limit("offset at rest", LIMIT_RAD, "rad"),),
)
