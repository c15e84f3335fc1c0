"""How long after an action was sent does the follower do it?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.motion import Motion, lag_s, motions

GRID_HZ = 200.0
MAX_LAG_S = 0.5
MIN_RANGE_RAD = 0.1
"""A joint that moves less tells nothing."""
SPREAD_LIMIT_MS = 2 * 1000.0 / 30.0
"""A heavy shoulder lags a light wrist by some 40 ms on a healthy arm."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Lag of each joint, and whether the joints agree."""
    for arm in evidence.arms:
        pair = sent_and_measured(evidence, arm)
        if pair is None:
            continue
        lags_ms = joint_lags_ms(arm, *pair)
        for name, lag_ms in lags_ms.items():
            yield Measure(f"{name}_ms", lag_ms, "ms", arm.follower)
        if not lags_ms:
            continue
        yield Measure("median_ms", float(np.median(list(lags_ms.values()))), "ms", arm.follower)
        spread_ms = max(lags_ms.values()) - min(lags_ms.values())
        yield Measure("spread_ms", spread_ms, "ms", arm.follower)
        if spread_ms > SPREAD_LIMIT_MS:
            slow, fast = (
                max(lags_ms, key=lambda n: lags_ms[n]),
                min(lags_ms, key=lambda n: lags_ms[n]),
            )
            yield Remark(
                Severity.REVIEW,
                f"{slow} follows {spread_ms:.0f} ms later than {fast} (limit "
                f"{SPREAD_LIMIT_MS:.0f} ms, two images)",
                arm.follower,
                measured=spread_ms,
                limit=SPREAD_LIMIT_MS,
                unit="ms",
            )


def sent_and_measured(evidence: Evidence, arm: ArmStreams) -> tuple[Motion, Motion] | None:
    """What was sent and what the follower did, on one grid; None when either is absent."""
    sent = evidence.read(arm.sent) if arm.sent else None
    measured = evidence.read(arm.follower) if arm.follower else None
    if sent is None or measured is None:
        return None
    both = motions((sent, measured), GRID_HZ)
    return None if both is None else (both[0], both[1])


def joint_lags_ms(arm: ArmStreams, sent: Motion, measured: Motion) -> dict[str, float]:
    """Lag, ms, of each revolute joint that moves enough."""
    lags = {}
    for name in sent.names:
        if arm.revolute and name not in arm.revolute:
            continue
        if np.ptp(sent.column(name)) < MIN_RANGE_RAD:
            continue
        lag = lag_s(sent.column(name), measured.column(name), GRID_HZ, MAX_LAG_S)
        if np.isfinite(lag):
            lags[name] = 1e3 * lag
    return lags


CHECK = Check(
    "action_state_lag",
    1,
    Layer.TECHNICAL,
    "argmax of the cross-correlation of changes, parabola; own limit: spread of two image periods",
    run,
    limits=(Limit("spread between joints", SPREAD_LIMIT_MS, "ms"),),
)
