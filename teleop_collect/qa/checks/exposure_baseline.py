"""Is a camera exposed as it was when the rig was checked?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.baseline import camera_baseline
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MAX_RATIO = 1.5


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Median brightness over that of the rig check's baseline; nothing without a baseline."""
    for topic, facts in evidence.images.items():
        baseline = camera_baseline(evidence, topic, "brightness")
        if facts.is_depth or not facts.pixels or not baseline:
            continue
        ratio = float(np.median([pixels.mean for pixels in facts.pixels])) / baseline
        yield Measure("of_baseline", ratio, "1", topic)
        if not 1 / MAX_RATIO <= ratio <= MAX_RATIO:
            yield Remark(
                Severity.REVIEW,
                f"images are {ratio:.2f} times as bright as at the rig check (limit a factor of "
                f"{MAX_RATIO:g})",
                topic,
                measured=ratio,
                limit=MAX_RATIO if ratio > 1 else 1 / MAX_RATIO,
                unit="1",
            )


CHECK = Check(
    "exposure_baseline",
    1,
    Layer.TECHNICAL,
    "median brightness against the rig check's baseline; own limit",
    run,
    limits=(Limit("factor between now and the baseline", MAX_RATIO, "1"),),
)
