"""Is there a sample of every stream close to each image?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.episodes.streams import Int64Array
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Distance from each reference image to the nearest sample of every required stream."""
    reference = reference_of(evidence)
    rates = {info.topic: hz for info, hz in evidence.periodic()}
    if reference is None or reference not in rates:
        return
    images = _stamps(evidence, reference)
    for info, expected_hz in evidence.periodic():
        stamps = _stamps(evidence, info.topic)
        if (
            info.topic == reference
            or not evidence.is_required(info)
            or not len(stamps)
            or not len(images)
        ):
            continue
        spans = evidence.due(info)
        wanted = images[np.any([(images >= s.start_ns) & (images <= s.end_ns) for s in spans], 0)]
        if not len(wanted):
            continue
        distance_ms = nearest_ns(wanted, stamps) / 1e6
        p95_ms = float(np.percentile(distance_ms, 95))
        yield Measure("p50_ms", float(np.median(distance_ms)), "ms", info.topic)
        yield Measure("p95_ms", p95_ms, "ms", info.topic)
        yield Measure("max_ms", float(distance_ms.max()), "ms", info.topic)
        limit_ms = 0.5e3 / min(expected_hz, rates[reference])
        if p95_ms > limit_ms:
            yield Remark(
                Severity.REVIEW,
                f"95% of images of {reference} have a sample within {p95_ms:.1f} ms (limit "
                f"{limit_ms:.1f} ms, half a period of the slower stream)",
                info.topic,
                measured=p95_ms,
                limit=limit_ms,
                unit="ms",
            )


def reference_of(evidence: Evidence) -> str | None:
    """The camera that the manifest measures skew against, else the first colour camera."""
    for ledger in evidence.ledgers.values():
        skew = ledger.get("skew_ms")
        reference = skew.get("reference") if isinstance(skew, dict) else None
        if isinstance(reference, str) and reference in evidence.episode.streams:
            return reference
    return next((t for t, f in sorted(evidence.images.items()) if not f.is_depth), None)


def nearest_ns(wanted: Int64Array, stamps: Int64Array) -> Int64Array:
    """Distance, ns, from each wanted time to the nearest of the (sorted) stamps."""
    right = np.clip(np.searchsorted(stamps, wanted), 0, len(stamps) - 1)
    left = np.maximum(right - 1, 0)
    distance: Int64Array = np.minimum(np.abs(stamps[right] - wanted), np.abs(stamps[left] - wanted))
    return distance


def _stamps(evidence: Evidence, topic: str) -> Int64Array:
    stamps = np.unique(evidence.times(topic).stamp_ns)
    return stamps[stamps > 0]


CHECK = Check(
    "skew",
    1,
    Layer.INTEGRITY,
    "own limit for streams without a common trigger: p95 at most half a period of the slower",
    run,
    limits=(Limit("95th percentile, of the slower stream", 0.5, "periods"),),
)
