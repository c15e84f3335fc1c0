"""Do joints keep to the torques of the robot description?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MAX_SHARE = 0.005
"""A contact may be sharp; an arm that pushes against its limit does so for longer."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Largest effort of each joint over its limit, and how often it is beyond."""
    for arm in evidence.arms:
        data = evidence.read(arm.follower) if arm.follower else None
        if data is None or "effort" not in data.values:
            continue
        for column, name in enumerate(data.names):
            limit = arm.efforts.get(name)
            effort = np.abs(np.nan_to_num(data.values["effort"][:, column]))
            if limit is None:
                continue
            yield Measure(f"{name}_peak_share", float(effort.max()) / limit, "1", arm.follower)
            share = float((effort > limit).mean())
            if share > MAX_SHARE:
                unit = "Nm" if arm.unit(name) == "rad" else "N"
                at = int(np.argmax(effort))
                yield Remark(
                    Severity.REVIEW,
                    f"{name} exceeds its limit of {limit:g} {unit} in {100 * share:.1f}% of "
                    f"messages (limit {100 * MAX_SHARE:g}%), up to {effort[at]:.1f} {unit}",
                    arm.follower,
                    evidence.t_s(int(data.stamp_ns[at])),
                    float(effort[at]),
                    limit,
                    unit,
                )


CHECK = Check(
    "joint_torque",
    1,
    Layer.TECHNICAL,
    "effort limits of the recording's URDF; own tolerance for peaks",
    run,
    limits=(Limit("messages beyond a joint's effort limit", 100 * MAX_SHARE, "%"),),
)
