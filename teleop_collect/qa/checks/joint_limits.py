"""Do positions stay inside the limits of the robot description and the rig file?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MEASURED_TOLERANCE = 0.01
"""Share of a joint's range by which a measurement may overshoot."""
SENT_TOLERANCE = 1e-6
"""rad or m: what was sent may exceed a limit by rounding alone."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Largest excess over a limit, of what was measured and of what was sent."""
    for arm in evidence.arms:
        yield from _check(evidence, arm, arm.follower, is_sent=False)
        yield from _check(evidence, arm, arm.sent, is_sent=True)


def _check(
    evidence: Evidence, arm: ArmStreams, topic: str | None, *, is_sent: bool
) -> Iterator[Remark | Measure]:
    data = evidence.read(topic) if topic else None
    if data is None or topic is None:
        return
    for column, name in enumerate(data.names):
        bounds = arm.bounds.get(name)
        if bounds is None or not np.isfinite([bounds.lower, bounds.upper]).all():
            continue
        position = data.values["position"][:, column]
        excess = np.nan_to_num(np.maximum(bounds.lower - position, position - bounds.upper))
        at = int(np.argmax(excess))
        span = bounds.upper - bounds.lower
        if excess[at] <= (SENT_TOLERANCE if is_sent else MEASURED_TOLERANCE * span):
            continue
        limit = bounds.upper if position[at] > bounds.upper else bounds.lower
        unit = arm.unit(name)
        yield Remark(
            Severity.FAIL if is_sent else Severity.REVIEW,
            f"{name} {'was sent to' if is_sent else 'measured'} {position[at]:.4f} {unit}, beyond "
            f"its limit {limit:.4f} {unit}",
            topic,
            evidence.t_s(int(data.stamp_ns[at])),
            float(position[at]),
            float(limit),
            unit,
        )


CHECK = Check(
    "joint_limits",
    1,
    Layer.TECHNICAL,
    "URDF and rig file of the recording; own tolerance: 1% of the range for measurements",
    run,
    limits=(
        Limit("sent beyond a limit", SENT_TOLERANCE, "rad or m", Severity.FAIL),
        Limit("measured beyond a limit", 100 * MEASURED_TOLERANCE, "% of the range"),
    ),
)
