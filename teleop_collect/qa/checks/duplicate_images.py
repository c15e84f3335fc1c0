"""Does a camera deliver single images twice while the robot moves?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.checks.frozen_images import moved_between
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import clean

MIN_MOTION = 0.005
"""rad or m from one image to the next that a camera must see."""
MAX_SHARE = 0.05


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of images equal to the one before, of those between which some joint moved."""
    moves = {
        arm.prefix: clean(data)
        for arm in evidence.arms
        if arm.follower and (data := evidence.read(arm.follower)) is not None
    }
    for topic, facts in evidence.images.items():
        stamps = evidence.times(topic).stamp_ns
        if len(stamps) != len(facts.same_as_before) or len(stamps) < 2:
            continue
        carrier = evidence.carrier(topic)
        seen = [moves[carrier]] if carrier in moves else list(moves.values())
        moving = moved_between(seen, stamps) > MIN_MOTION
        same = facts.same_as_before[1:] & moving
        share = float(same.sum() / max(moving.sum(), 1))
        yield Measure("duplicate_share", share, "1", topic)
        if share > MAX_SHARE and same.sum() > 2:
            yield Remark(
                Severity.REVIEW,
                f"{100 * share:.0f}% of images taken while the robot moves equal the one before "
                f"(limit {100 * MAX_SHARE:g}%)",
                topic,
                evidence.t_s(int(stamps[int(np.argmax(same)) + 1])),
                100 * share,
                100 * MAX_SHARE,
                "%",
            )


CHECK = Check(
    "duplicate_images",
    1,
    Layer.TECHNICAL,
    "equal byte for byte, gated by joint motion; own limit",
    run,
    limits=(
        Limit("images equal to the one before", 100 * MAX_SHARE, "%"),
        Limit("motion in between, at least", MIN_MOTION, "rad or m", Severity.INFO),
    ),
)
