"""Does the reported tool pose follow from the reported joints?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.kinematics import Chain, rotation_angle_rad, rotations
from teleop_collect.qa.motion import clean

POSITION_LIMIT_M = 0.005
ANGLE_LIMIT_RAD = float(np.radians(2.0))
MAX_POSES = 500


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Distance and angle between FK(q) at each pose's time and the pose, 95th percentiles."""
    for arm in evidence.arms:
        found = distances(evidence, arm)
        if found is None:
            continue
        for name, values, limit, unit in (
            ("position_p95_m", found[0], POSITION_LIMIT_M, "m"),
            ("angle_p95_rad", found[1], ANGLE_LIMIT_RAD, "rad"),
        ):
            p95 = float(np.percentile(values, 95))
            yield Measure(name, p95, unit, arm.tool_pose)
            if p95 > limit:
                yield Remark(
                    Severity.REVIEW,
                    f"the reported tool pose is {p95:.4f} {unit} from the forward kinematics of "
                    f"the joints (95th percentile, limit {limit:.4f} {unit}); description, zero of "
                    "a joint or tool frame is wrong",
                    arm.tool_pose,
                    measured=p95,
                    limit=limit,
                    unit=unit,
                )


def distances(evidence: Evidence, arm: ArmStreams) -> tuple[np.ndarray, np.ndarray] | None:
    """Metres and radians for up to 500 poses; None without pose, joints or description."""
    chain = Chain.to(arm.description, arm.tool_frame) if arm.description else None
    joints = evidence.read(arm.follower) if arm.follower else None
    poses = evidence.read(arm.tool_pose) if arm.tool_pose else None
    if chain is None or joints is None or poses is None or not chain.moved_by(joints.names):
        return None
    stamps, position = clean(joints)
    if len(stamps) < 2:
        return None
    inside = (poses.stamp_ns >= stamps[0]) & (poses.stamp_ns <= stamps[-1])
    chosen = np.flatnonzero(inside)[:: max(1, int(inside.sum()) // MAX_POSES)]
    if not len(chosen):
        return None
    at_ns = poses.stamp_ns[chosen]
    q = {n: np.interp(at_ns, stamps, c) for n, c in zip(joints.names, position.T, strict=True)}
    expected = chain.base_from_tool(q, len(chosen))
    off_m = np.linalg.norm(expected[:, :3, 3] - poses.values["position_m"][chosen], axis=1)
    turned = rotations(poses.values["quat_xyzw"][chosen])
    return off_m, rotation_angle_rad(expected[:, :3, :3], turned)


CHECK = Check(
    "fk_pose",
    1,
    Layer.TECHNICAL,
    "forward kinematics of the recording's URDF at the pose's time; own limits",
    run,
    limits=(
        Limit("95th percentile of the distance", POSITION_LIMIT_M, "m"),
        Limit("95th percentile of the angle", ANGLE_LIMIT_RAD, "rad"),
    ),
)
