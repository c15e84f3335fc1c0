"""Do depth images hold distances?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MIN_FILL = 0.5


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of pixels with a distance, over images spread through the episode."""
    for topic, facts in evidence.images.items():
        if not facts.is_depth or not facts.pixels:
            continue
        fill = float(np.median([pixels.filled for pixels in facts.pixels]))
        yield Measure("fill_share", fill, "1", topic)
        if fill < MIN_FILL:
            yield Remark(
                Severity.REVIEW,
                f"{100 * fill:.1f}% of depth pixels hold a distance (limit {100 * MIN_FILL:g}%)",
                topic,
                measured=100 * fill,
                limit=100 * MIN_FILL,
                unit="%",
            )


CHECK = Check(
    "depth_fill",
    1,
    Layer.TECHNICAL,
    "own limit: half of the pixels",
    run,
    limits=(Limit("pixels with a distance, at least", 100 * MIN_FILL, "%"),),
)
