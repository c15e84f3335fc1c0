"""Does a sensor's clock run as fast as the recorder's?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import StreamTimes
from teleop_collect.qa.checks.skew import reference_of
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

WINDOW_NS = NS_PER_S // 2
MIN_WINDOWS, MAX_WINDOWS = 5, 500
DRIFT_LIMIT_PPM, DRIFT_LIMIT_MS = 200.0, 10.0


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Change of receive time minus stamp, by the quickest message of each window.

    Windows last half a second, longer in episodes of over four minutes: slopes are compared pair by
    pair, so their number is bounded.

    A sensor is judged when it drifts over 200 ppm and by over 10 ms in this episode; drift against
    the reference camera is measured too.
    """
    found = {i.topic: d for i, _ in evidence.periodic() if (d := drift(evidence.times(i.topic)))}
    reference = found.get(reference_of(evidence) or "")
    for topic, (ppm, over_ms) in found.items():
        yield Measure("drift_ppm", ppm, "ppm", topic)
        if reference is not None:
            yield Measure("against_reference_ppm", ppm - reference[0], "ppm", topic)
        if abs(ppm) > DRIFT_LIMIT_PPM and abs(over_ms) > DRIFT_LIMIT_MS:
            yield Remark(
                Severity.REVIEW,
                f"the sensor's clock drifts by {ppm:+.0f} ppm, {over_ms:+.1f} ms in this episode "
                f"(limit {DRIFT_LIMIT_MS:g} ms)",
                topic,
                measured=abs(over_ms),
                limit=DRIFT_LIMIT_MS,
                unit="ms",
            )


def drift(times: StreamTimes) -> tuple[float, float] | None:
    """Drift in ppm and over the whole stream in ms; None for short streams.

    Median of the slopes between any two windows (Theil 1950, Sen 1968): a burst of load, which
    delays all messages of a window, does not decide.
    """
    is_set = times.stamp_ns > 0
    stamp, delay = times.stamp_ns[is_set], (times.log_ns - times.stamp_ns)[is_set]
    if len(stamp) < MIN_WINDOWS:
        return None
    window_ns = max(WINDOW_NS, -(-int(np.ptp(stamp)) // MAX_WINDOWS))
    window = (stamp - stamp.min()) // window_ns
    numbers, first = np.unique(window, return_index=True)
    if len(numbers) < MIN_WINDOWS or not (np.diff(first) > 0).all():
        return None
    lowest = np.minimum.reduceat(delay, first).astype(np.float64)
    i, j = np.triu_indices(len(numbers), k=1)
    slope = float(np.median((lowest[j] - lowest[i]) / ((numbers[j] - numbers[i]) * window_ns)))
    return 1e6 * slope, slope * float(stamp.max() - stamp.min()) / 1e6


CHECK = Check(
    "clock_drift",
    1,
    Layer.INTEGRITY,
    "Theil-Sen slope of receive time minus stamp; own limits",
    run,
    limits=(
        Limit("drift", DRIFT_LIMIT_PPM, "ppm"),
        Limit("and drift over the episode", DRIFT_LIMIT_MS, "ms"),
    ),
)
