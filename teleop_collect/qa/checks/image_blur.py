"""Are colour images sharp?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.qa.baseline import camera_baseline
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.rig.checks.camera_sharpness import MIN_SHARE

MIN_SHARPNESS = 12.0


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Variance of the Laplacian over images spread through the episode, by its 75th percentile.

    Motion blurs single images of a healthy camera; one out of focus has no sharp image.
    """
    for topic, facts in evidence.images.items():
        if facts.is_depth or not facts.sharpness:
            continue
        sharp = float(np.percentile(facts.sharpness, 75))
        yield Measure("laplacian_variance", sharp, "8 bit^2", topic)
        baseline = camera_baseline(evidence, topic)
        limit = MIN_SHARPNESS if baseline is None else MIN_SHARE * baseline.sharpness
        if sharp < limit:
            against = "" if baseline is None else f", the rig check's {baseline.sharpness:.1f}"
            yield Remark(
                Severity.REVIEW,
                f"images are blurred: variance of the Laplacian {sharp:.1f}{against} (limit "
                f"{limit:.1f})",
                topic,
                measured=sharp,
                limit=limit,
                unit="8 bit^2",
            )


CHECK = Check(
    "image_blur",
    1,
    Layer.TECHNICAL,
    "variance of the Laplacian: Pech-Pacheco et al., ICPR 2000; share of the baseline as the "
    "rig check's camera_sharpness; own limit without one",
    run,
    limits=(
        Limit("of the rig check's baseline, at least", 100 * MIN_SHARE, "%"),
        Limit("without a baseline, at least", MIN_SHARPNESS, "8 bit^2"),
    ),
)
