"""Does every colour image have its depth image, and every image its camera info?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.cameras import COLOR, SIBLINGS, TRANSPORTS
from teleop_collect.qa.checks.skew import nearest_ns
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

REVIEW_SHARE, FAIL_SHARE = 0.01, 0.05


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of colour images without a message of each sibling stream within half a period."""
    for info, hz in evidence.periodic():
        base = info.topic.removesuffix("/compressed").removesuffix(COLOR)
        if COLOR not in info.topic or base == info.topic:
            continue
        images = _stamps(evidence, info.topic)
        for sibling in (base + s + t for s in SIBLINGS for t in TRANSPORTS):
            if sibling not in evidence.episode.streams or not len(images):
                continue
            yield from _judge(evidence, images, sibling, hz)


def _judge(
    evidence: Evidence, images: np.ndarray, sibling: str, hz: float
) -> Iterator[Remark | Measure]:
    there = _stamps(evidence, sibling)
    far = nearest_ns(images, there) > NS_PER_S / hz / 2 if len(there) else images > 0
    share = float(far.mean())
    yield Measure("images_without", int(far.sum()), "messages", sibling)
    if share > REVIEW_SHARE:
        bad = share > FAIL_SHARE
        limit = FAIL_SHARE if bad else REVIEW_SHARE
        yield Remark(
            Severity.FAIL if bad else Severity.REVIEW,
            f"{int(far.sum())} of {len(images)} colour images have no message here "
            f"({100 * share:.1f}%, limit {100 * limit:g}%)",
            sibling,
            evidence.t_s(int(images[int(np.argmax(far))])),
            100 * share,
            100 * limit,
            "%",
        )


def _stamps(evidence: Evidence, topic: str) -> np.ndarray:
    stamps = np.unique(evidence.times(topic).stamp_ns)
    return stamps[stamps > 0]


CHECK = Check(
    "dropped_images",
    1,
    Layer.TECHNICAL,
    "own limits: over 1% review, over 5% fail",
    run,
    limits=(
        Limit("colour images without their sibling", 100 * REVIEW_SHARE, "%"),
        Limit("colour images without their sibling", 100 * FAIL_SHARE, "%", Severity.FAIL),
    ),
)
