"""Does the follower do what it was sent, once its lag is taken into account?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.checks.action_state_lag import joint_lags_ms, sent_and_measured
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import Motion, rests

ERROR_LIMIT_RAD = float(np.radians(7.0))
OFFSET_LIMIT_RAD = float(np.radians(2.0))
MIN_STABLE_S = 0.3


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """95th percentile of the error and constant offset of each revolute joint.

    A gripper is left out: closing on an object, it cannot reach what it was sent.
    """
    for arm in evidence.arms:
        pair = sent_and_measured(evidence, arm)
        if pair is None:
            continue
        lags_ms = joint_lags_ms(arm, *pair)
        shift = (
            round(float(np.median(list(lags_ms.values()))) / 1e3 * pair[0].rate_hz)
            if lags_ms
            else 0
        )
        for name in pair[0].names:
            if not arm.revolute or name in arm.revolute:
                yield from _joint(arm, name, pair, max(shift, 0))


def _joint(
    arm: ArmStreams, name: str, pair: tuple[Motion, Motion], shift: int
) -> Iterator[Remark | Measure]:
    sent, measured = pair[0].column(name), pair[1].column(name)
    count = len(sent) - shift
    error = measured[shift:] - sent[:count]
    p95 = float(np.percentile(np.abs(error), 95))
    yield Measure(f"{name}_p95_rad", p95, "rad", arm.follower)
    if p95 > ERROR_LIMIT_RAD:
        yield Remark(
            Severity.REVIEW,
            f"{name} is up to {p95:.3f} rad from what was sent (95th percentile, limit "
            f"{ERROR_LIMIT_RAD:.3f} rad)",
            arm.follower,
            measured=p95,
            limit=ERROR_LIMIT_RAD,
            unit="rad",
        )
    stable = rests(sent, pair[0].rate_hz)[:count]
    if stable.sum() < MIN_STABLE_S * pair[0].rate_hz:
        return
    offset = float(np.median(error[stable]))
    yield Measure(f"{name}_offset_rad", offset, "rad", arm.follower)
    if abs(offset) > OFFSET_LIMIT_RAD:
        yield Remark(
            Severity.REVIEW,
            f"{name} rests {offset:+.4f} rad from what was sent (limit {OFFSET_LIMIT_RAD:.4f} rad);"
            " calibration or zero is off",
            arm.follower,
            measured=abs(offset),
            limit=OFFSET_LIMIT_RAD,
            unit="rad",
        )


CHECK = Check(
    "tracking_error",
    1,
    Layer.TECHNICAL,
    "7 degrees: score_lerobot_episodes; offset of 2 degrees on stable stretches: lerobot #3762",
    run,
    limits=(
        Limit("95th percentile of the error", ERROR_LIMIT_RAD, "rad"),
        Limit("offset at rest", OFFSET_LIMIT_RAD, "rad"),
    ),
)
