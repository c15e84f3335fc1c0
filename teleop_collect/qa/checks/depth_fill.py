"""Do depth images hold distances, and as many as when the rig was checked?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.baseline import camera_baseline
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MIN_FILL = 0.5
MIN_SHARE = 0.8
"""Of the rig check's baseline."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of pixels with a distance, over images spread through the episode."""
    for topic, facts in evidence.images.items():
        if not facts.is_depth or not facts.pixels:
            continue
        fill = float(np.median([pixels.filled for pixels in facts.pixels]))
        yield Measure("fill_share", fill, "1", topic)
        baseline = camera_baseline(evidence, topic)
        usual = baseline.depth_fill if baseline is not None else None
        limit = MIN_FILL if usual is None else max(MIN_FILL, MIN_SHARE * usual)
        if fill < limit:
            against = "" if usual is None else f", {100 * usual:.1f}% at the rig check"
            yield Remark(
                Severity.REVIEW,
                f"{100 * fill:.1f}% of depth pixels hold a distance{against} (limit "
                f"{100 * limit:.1f}%)",
                topic,
                measured=100 * fill,
                limit=100 * limit,
                unit="%",
            )


CHECK = Check(
    "depth_fill",
    2,
    Layer.TECHNICAL,
    "own limits: half of the pixels, and 20% fewer than at the rig check",
    run,
    limits=(
        Limit("pixels with a distance, at least", 100 * MIN_FILL, "%"),
        Limit("of the rig check's baseline, at least", 100 * MIN_SHARE, "%"),
    ),
)
