"""Do cameras and force-torque sensors cover the time in which joints were measured?"""

from collections.abc import Iterator

from teleop_collect import topics
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.streams import Int64Array
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

MIN_COVERED = 0.95
SENSORS = frozenset({*IMAGE_TYPES, topics.WRENCH_STAMPED})


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Share of the joints' time, by stamps, that lies inside each sensor's time.

    For cameras also how many images there are more or fewer than their rate makes in that time.
    """
    joints = [evidence.times(a.follower).stamp_ns for a in evidence.arms if a.follower]
    spans = [_span(stamps) for stamps in joints if (stamps > 0).sum() > 1]
    if not spans:
        return
    start, end = max(s for s, _ in spans), min(e for _, e in spans)
    for info, hz in evidence.periodic():
        stamps = evidence.times(info.topic).stamp_ns
        if info.type not in SENSORS or (stamps > 0).sum() < 2 or end <= start:
            continue
        first, last = _span(stamps)
        share = max(0, min(last, end) - max(first, start)) / (end - start)
        yield Measure("covered_share", share, "1", info.topic)
        yield Measure("count_off", len(stamps) - (end - start) * hz / 1e9, "messages", info.topic)
        slack = (2e9 / hz + evidence.discovery_ns) / (end - start)
        if share + slack < MIN_COVERED:
            yield Remark(
                Severity.FAIL,
                f"its stamps cover {100 * share:.1f}% of the time in which joints were measured "
                f"(limit {100 * MIN_COVERED:g}%)",
                info.topic,
                measured=100 * share,
                limit=100 * MIN_COVERED,
                unit="%",
            )


def _span(stamps: Int64Array) -> tuple[int, int]:
    is_set = stamps[stamps > 0]
    return int(is_set.min()), int(is_set.max())


CHECK = Check(
    "sensors_against_joints",
    1,
    Layer.INTEGRITY,
    "video against table: lerobot-doctor; own limit",
    run,
    limits=(Limit("joints' time covered, at least", 100 * MIN_COVERED, "%", Severity.FAIL),),
)
