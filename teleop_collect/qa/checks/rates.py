"""Does each stream run at its nominal rate on average?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import StreamInfo
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

REVIEW_SHARE, FAIL_SHARE = 0.02, 0.10


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Mean rate between first and last sample, over the time in which the stream is due."""
    for info, expected_hz in evidence.periodic():
        mean_hz = mean_rate(evidence, info)
        if mean_hz is None:
            continue
        yield Measure("mean_hz", mean_hz, "Hz", info.topic)
        off = abs(mean_hz - expected_hz) / expected_hz
        if off <= REVIEW_SHARE:
            continue
        bad = off > FAIL_SHARE
        limit = FAIL_SHARE if bad else REVIEW_SHARE
        yield Remark(
            Severity.FAIL if bad else Severity.REVIEW,
            f"mean rate {mean_hz:.2f} Hz is {100 * off:.1f}% from the nominal {expected_hz:g} Hz "
            f"(limit {100 * limit:g}%)",
            info.topic,
            measured=mean_hz,
            limit=expected_hz,
            unit="Hz",
        )


def mean_rate(evidence: Evidence, info: StreamInfo) -> float | None:
    """Samples a second between the first and last sample of each stretch; None without two."""
    stamps = np.sort(evidence.times(info.topic).stamp_ns)
    steps = time_ns = 0
    for span in evidence.due(info):
        inside = stamps[(stamps >= span.start_ns) & (stamps <= span.end_ns)]
        if len(inside) > 1:
            steps += len(inside) - 1
            time_ns += int(inside[-1] - inside[0])
    return steps * NS_PER_S / time_ns if time_ns else None


CHECK = Check(
    "rates",
    1,
    Layer.INTEGRITY,
    "own limits: review over 2%, fail over 10% from nominal",
    run,
    limits=(
        Limit("mean rate off the nominal", 100 * REVIEW_SHARE, "%"),
        Limit("mean rate off the nominal", 100 * FAIL_SHARE, "%", Severity.FAIL),
    ),
)
