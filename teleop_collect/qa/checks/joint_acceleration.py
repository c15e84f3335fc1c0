"""Do joints keep to their acceleration limits?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import Motion, motions
from teleop_collect.samples import FloatArray

GRID_HZ = 200.0
STEP = 6
"""Samples of the grid, 30 ms: acceleration is the second difference over twice this time."""
TOLERANCE = 1.5
"""A follower overshoots; what was sent is limited tick by tick, so noise is all it may add."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Highest acceleration of each joint over its limit, of what was measured and what was sent."""
    for arm in evidence.arms:
        for topic in (arm.follower, arm.sent):
            data = evidence.read(topic) if topic else None
            moved = motions((data,), GRID_HZ) if data and data.names else None
            if moved is not None and topic and len(moved[0]) > 2 * STEP:
                yield from _check(evidence, arm, topic, moved[0])


def _check(
    evidence: Evidence, arm: ArmStreams, topic: str, motion: Motion
) -> Iterator[Remark | Measure]:
    acceleration = np.abs(accelerations(motion))
    for column, name in enumerate(motion.names):
        at = int(np.argmax(acceleration[:, column]))
        highest = float(acceleration[at, column])
        unit = f"{arm.unit(name)}/s2"
        yield Measure(f"{name}_max", highest, unit, topic)
        limit = _limit(evidence, arm, name)
        # A gripper that meets an object is stopped by it.
        is_stopped = topic == arm.follower and name in arm.grippers
        if limit is None or is_stopped or highest <= TOLERANCE * limit:
            continue
        at_ns = motion.start_ns + round((at + STEP) * NS_PER_S / GRID_HZ)
        yield Remark(
            Severity.REVIEW,
            f"{name} accelerates at {highest:.1f} {unit}, over its limit {limit:g} {unit} "
            f"(tolerance {100 * (TOLERANCE - 1):.0f}%)",
            topic,
            evidence.t_s(at_ns),
            highest,
            limit,
            unit,
        )


def accelerations(motion: Motion) -> FloatArray:
    """Second differences over 60 ms, rad/s2 or m/s2, shape (N - 12, joints)."""
    p = motion.position
    found: FloatArray = p[2 * STEP :] - 2 * p[STEP:-STEP] + p[: -2 * STEP]
    return found * (GRID_HZ / STEP) ** 2


def _limit(evidence: Evidence, arm: ArmStreams, name: str) -> float | None:
    bounds = arm.bounds.get(name)
    if bounds is None:
        return None
    if bounds.acceleration is not None or evidence.rig is None:
        return bounds.acceleration
    teleop = evidence.rig.teleop
    is_angle = arm.unit(name) == "rad"
    return teleop.acceleration_rad_s2 if is_angle else teleop.acceleration_m_s2


CHECK = Check(
    "joint_acceleration",
    1,
    Layer.TECHNICAL,
    "rig file of the recording, times 1.5; second differences over 60 ms",
    run,
    limits=(Limit("acceleration over its limit", 100 * (TOLERANCE - 1), "%"),),
)
