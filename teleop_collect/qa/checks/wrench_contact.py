"""Do contact forces come with a movement that can make them?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import stillness

JUMP_LIMIT_N = 15.0
MIN_STILL_NS = NS_PER_S // 4
SETTLED_NS = NS_PER_S // 10
"""A contact made by the last movement rings on for a moment."""
MIN_MESSAGES = 10


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Largest change of force while no joint moves: nothing of the robot's can have made it."""
    for arm in evidence.arms:
        wrench = evidence.read(arm.wrench) if arm.wrench else None
        joints = evidence.read(arm.follower) if arm.follower else None
        if wrench is None or joints is None:
            continue
        worst, at_ns = 0.0, 0
        for begin_ns, end_ns, _ in stillness(joints, MIN_STILL_NS):
            inside = (wrench.stamp_ns >= begin_ns + SETTLED_NS) & (wrench.stamp_ns <= end_ns)
            force = wrench.values["force_n"][inside]
            if len(force) < MIN_MESSAGES or not np.isfinite(force).all():
                continue
            away = np.linalg.norm(force - np.median(force, axis=0), axis=1)
            # Ten messages, not one: a spike is noise, a push lasts.
            lasting = np.sort(away)[-MIN_MESSAGES]
            if lasting > worst:
                worst, at_ns = float(lasting), int(wrench.stamp_ns[inside][int(np.argmax(away))])
        yield Measure("force_change_at_rest", worst, "N", arm.wrench)
        if worst > JUMP_LIMIT_N:
            yield Remark(
                Severity.REVIEW,
                f"the force changes by {worst:.1f} N while no joint moves (limit "
                f"{JUMP_LIMIT_N:g} N); somebody touched the tool, or the sensor jumps",
                arm.wrench,
                evidence.t_s(at_ns),
                worst,
                JUMP_LIMIT_N,
                "N",
            )


CHECK = Check(
    "wrench_contact",
    1,
    Layer.TECHNICAL,
    "a contact needs motion; own limit, over at least ten messages",
    run,
    limits=(Limit("change of force at rest", JUMP_LIMIT_N, "N"),),
)
