"""Do joints keep to their velocity limits?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import Int64Array, StreamData
from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import clean
from teleop_collect.samples import FloatArray

WINDOW_S = 0.05
"""Velocity is the difference over this time: stamps jitter by milliseconds."""
TOLERANCE = 1.05


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Highest speed of each joint over its limit, of what was measured and of what was sent."""
    for arm in evidence.arms:
        for topic in (arm.follower, arm.sent):
            data = evidence.read(topic) if topic else None
            if data is not None and data.names:
                yield from _check(evidence, arm, data)


def _check(evidence: Evidence, arm: ArmStreams, data: StreamData) -> Iterator[Remark | Measure]:
    stamps, velocity = velocities(data)
    if not len(stamps):
        return
    for column, name in enumerate(data.names):
        bounds = arm.bounds.get(name)
        if bounds is None or not np.isfinite(bounds.velocity):
            continue
        speed = np.abs(velocity[:, column])
        at = int(np.argmax(speed))
        if speed[at] <= TOLERANCE * bounds.velocity:
            continue
        unit = f"{arm.unit(name)}/s"
        yield Remark(
            Severity.REVIEW,
            f"{name} moves at {speed[at]:.3f} {unit}, over its limit {bounds.velocity:.3f} {unit} "
            f"(tolerance {100 * (TOLERANCE - 1):.0f}%)",
            data.topic,
            evidence.t_s(int(stamps[at])),
            float(speed[at]),
            float(bounds.velocity),
            unit,
        )


def velocities(data: StreamData) -> tuple[Int64Array, FloatArray]:
    """Times and joint velocities over windows of 50 ms, shapes (N,) and (N, joints)."""
    stamps, position = clean(data)
    ahead = np.searchsorted(stamps, stamps + round(WINDOW_S * NS_PER_S))
    complete = ahead < len(stamps)
    ahead = ahead[complete]
    elapsed_s = (stamps[ahead] - stamps[complete]) / NS_PER_S
    return stamps[complete], (position[ahead] - position[complete]) / elapsed_s[:, None]


CHECK = Check(
    "joint_velocity",
    1,
    Layer.TECHNICAL,
    "URDF and rig file of the recording, times 1.05; over windows of 50 ms",
    run,
    limits=(Limit("speed over its limit", 100 * (TOLERANCE - 1), "%"),),
)
