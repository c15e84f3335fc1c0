"""How well a follower tracked what it was sent: errors by joint, and the lag that explains most."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.samples import FloatArray, JointSample

MAX_LAG_S = 0.5
LAG_STEP_S = 0.002
MOVES = 0.01
"""rad (or a tenth of it in m): a joint that moved less tells no lag."""


@dataclass(frozen=True)
class JointTracking:
    """One joint.

    Attributes:
        unit: "rad" or "m".
        rms: root mean square of sent minus measured at the same moment.
        max: largest such difference.
        max_at_s: when, since the start of the motion.
        lag_ms: delay of the measured motion at which it fits the sent one best; None for a joint
            that hardly moved.
        rms_without_lag: `rms` that is left when that delay is taken out.
    """

    unit: str
    rms: float
    max: float
    max_at_s: float
    lag_ms: float | None
    rms_without_lag: float


@dataclass(frozen=True)
class TrackingReport:
    """All joints of one arm.

    Attributes:
        duration_s: of the motion that was compared.
        joints: by name.
    """

    duration_s: float
    joints: Mapping[str, JointTracking]

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


def tracking_report(
    sent: list[JointSample], measured: list[JointSample], units: Mapping[str, str]
) -> TrackingReport | None:
    """Compare what was sent with what was measured, by joint name.

    Args:
        sent: commands, in order.
        measured: the follower's joints, in order; from before the first to after the last command.
        units: "rad" or "m" by joint.

    Returns:
        None when one of both has fewer than two samples.
    """
    if len(sent) < 2 or len(measured) < 2:
        return None
    start_ns = sent[0].stamp_ns
    sent_s, measured_s = _times(sent, start_ns), _times(measured, start_ns)
    joints = {
        joint: _joint(sent_s, _column(sent, joint), measured_s, _column(measured, joint), unit)
        for joint, unit in units.items()
    }
    return TrackingReport(float(sent_s[-1]), joints)


def _joint(
    sent_s: FloatArray, sent: FloatArray, measured_s: FloatArray, measured: FloatArray, unit: str
) -> JointTracking:
    errors = sent - np.interp(sent_s, measured_s, measured)
    worst = int(np.abs(errors).argmax())
    lag_s, left = 0.0, _rms(errors)
    moves = float(np.ptp(sent)) > (MOVES if unit == "rad" else MOVES / 10)
    if moves:
        for candidate_s in np.arange(LAG_STEP_S, MAX_LAG_S, LAG_STEP_S).tolist():
            within = sent_s + candidate_s <= measured_s[-1]
            if within.sum() < 2:
                break
            later = np.interp(sent_s[within] + candidate_s, measured_s, measured)
            rms = _rms(sent[within] - later)
            if rms < left:
                lag_s, left = candidate_s, rms
    lag_ms = 1000.0 * lag_s if moves else None
    return JointTracking(
        unit, _rms(errors), float(abs(errors[worst])), float(sent_s[worst]), lag_ms, left
    )


def _rms(errors: FloatArray) -> float:
    return math.sqrt(float(np.mean(errors * errors)))


def _times(samples: list[JointSample], start_ns: int) -> FloatArray:
    return np.array([(s.stamp_ns - start_ns) / NS_PER_S for s in samples])


def _column(samples: list[JointSample], joint: str) -> FloatArray:
    return np.array([s.by_name()[joint] for s in samples])
