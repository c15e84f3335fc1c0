"""Does the force-torque sensor read at rest what it should?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import stillness

REST_LIMIT_N = 30.0
"""Where the rig file has no limit: more than any tool that was not tared."""
DRIFT_LIMIT_N = 5.0
MIN_STILL_NS = NS_PER_S // 4
SAME_POSTURE = 0.05
"""rad or m: gravity pulls the tool the same way."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Force in the first stretch at rest, against the rig file's limit; and how it drifts.

    Drift is the change until a later stretch at rest in the same posture.
    """
    for arm in evidence.arms:
        levels = list(_levels(evidence, arm))
        if not levels:
            continue
        bias_n = float(np.linalg.norm(levels[0][1]))
        yield Measure("rest_force", bias_n, "N", arm.wrench)
        limit_n = _limit(evidence, arm)
        if bias_n > limit_n:
            message = f"{bias_n:.1f} N at rest (limit {limit_n:g} N); tare the sensor"
            yield Remark(Severity.REVIEW, message, arm.wrench, None, bias_n, limit_n, "N")
        alike = [f for q, f in levels[1:] if np.abs(q - levels[0][0]).max() < SAME_POSTURE]
        if not alike:
            continue
        drift_n = max(float(np.linalg.norm(f - levels[0][1])) for f in alike)
        yield Measure("drift", drift_n, "N", arm.wrench)
        if drift_n > DRIFT_LIMIT_N:
            yield Remark(
                Severity.REVIEW,
                f"at rest in one posture the force differs by {drift_n:.1f} N (limit "
                f"{DRIFT_LIMIT_N:g} N); bias drifts, or something hangs on the tool",
                arm.wrench,
                None,
                drift_n,
                DRIFT_LIMIT_N,
                "N",
            )


def _levels(evidence: Evidence, arm: ArmStreams) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Posture and median force of each stretch at rest of at least a quarter of a second."""
    wrench = evidence.read(arm.wrench) if arm.wrench else None
    joints = evidence.read(arm.follower) if arm.follower else None
    if wrench is None or joints is None:
        return
    for begin_ns, end_ns, posture in stillness(joints, MIN_STILL_NS):
        inside = (wrench.stamp_ns >= begin_ns) & (wrench.stamp_ns <= end_ns)
        force = wrench.values["force_n"][inside]
        if len(force) and np.isfinite(force).all():
            yield posture, np.median(force, axis=0)


def _limit(evidence: Evidence, arm: ArmStreams) -> float:
    arms = evidence.rig.arms.values() if evidence.rig else ()
    prefix = arm.prefix.strip("/")
    for its in arms:
        if its.wrench is not None and f"/{prefix}".endswith(f"/{its.prefix}".rstrip("/")):
            return its.wrench.max_bias_n or REST_LIMIT_N
    return REST_LIMIT_N


CHECK = Check(
    "wrench_bias",
    1,
    Layer.TECHNICAL,
    "rig file: max_bias_n; own limits",
    run,
    limits=(
        Limit("force in the first rest, without max_bias_n in the rig file", REST_LIMIT_N, "N"),
        Limit("change of force at rest in one posture", DRIFT_LIMIT_N, "N"),
    ),
)
