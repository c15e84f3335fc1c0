"""Do sensor clocks agree with the recorder's: is a message received shortly after its stamp?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

EARLY_LIMIT_MS, LATE_LIMIT_MS = -1.0, 200.0


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Median of receive time minus stamp; a wrong clock shows as a constant."""
    for info, _ in evidence.periodic():
        times = evidence.times(info.topic)
        set_stamps = times.stamp_ns > 0
        if not set_stamps.any():
            continue
        delay_ms = float(np.median((times.log_ns - times.stamp_ns)[set_stamps])) / 1e6
        yield Measure("median_ms", delay_ms, "ms", info.topic)
        early = delay_ms < EARLY_LIMIT_MS
        if early or delay_ms > LATE_LIMIT_MS:
            limit = EARLY_LIMIT_MS if early else LATE_LIMIT_MS
            what = "before their stamp" if early else "after their stamp"
            yield Remark(
                Severity.REVIEW,
                f"messages are received {abs(delay_ms):.1f} ms {what} (limit {abs(limit):g} ms); "
                "the sensor's clock and the recorder's disagree, or transport is slow",
                info.topic,
                measured=delay_ms,
                limit=limit,
                unit="ms",
            )


CHECK = Check(
    "receive_delay",
    1,
    Layer.INTEGRITY,
    "own limits: -1 to 200 ms",
    run,
    limits=(
        Limit("received before the stamp", -EARLY_LIMIT_MS, "ms"),
        Limit("received after the stamp", LATE_LIMIT_MS, "ms"),
    ),
)
