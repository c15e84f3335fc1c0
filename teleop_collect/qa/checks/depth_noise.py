"""Does a depth camera measure the same distance twice?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MAX_NOISE = 0.02


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Spread between neighbouring images over the distance, by medians; the quietest pair counts.

    A moving camera sees other distances, so pairs taken at rest are the ones that tell.
    """
    for topic, facts in evidence.images.items():
        if not facts.is_depth or not facts.noise:
            continue
        noise = float(np.min(facts.noise))
        yield Measure("noise_share", noise, "1", topic)
        if noise > MAX_NOISE:
            yield Remark(
                Severity.REVIEW,
                f"depth changes by {100 * noise:.1f}% of the distance from image to image (limit "
                f"{100 * MAX_NOISE:g}%)",
                topic,
                measured=100 * noise,
                limit=100 * MAX_NOISE,
                unit="%",
            )


CHECK = Check(
    "depth_noise",
    1,
    Layer.TECHNICAL,
    "Z accuracy of at most 2% as stereo depth cameras specify it; median absolute deviation",
    run,
    limits=(Limit("spread over the distance", 100 * MAX_NOISE, "%"),),
)
