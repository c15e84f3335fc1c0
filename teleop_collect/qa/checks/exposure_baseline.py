"""Is a camera exposed as it was when the rig was checked?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.baseline import camera_baseline
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.rig.checks.camera_exposure import MAX_CHANGE


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Median brightness against the rig check's baseline; nothing without a baseline."""
    for topic, facts in evidence.images.items():
        baseline = camera_baseline(evidence, topic)
        if facts.is_depth or not facts.pixels or baseline is None:
            continue
        brightness = float(np.median([pixels.mean for pixels in facts.pixels]))
        change = brightness / max(baseline.brightness, 1.0) - 1
        yield Measure("change", change, "1", topic)
        if abs(change) > MAX_CHANGE:
            yield Remark(
                Severity.REVIEW,
                f"images are {100 * change:+.0f}% brighter than the rig check's baseline (limit "
                f"{100 * MAX_CHANGE:g}%)",
                topic,
                measured=100 * abs(change),
                limit=100 * MAX_CHANGE,
                unit="%",
            )


CHECK = Check(
    "exposure_baseline",
    1,
    Layer.TECHNICAL,
    "as the rig check's camera_exposure",
    run,
    limits=(Limit("change against the baseline", 100 * MAX_CHANGE, "%"),),
)
