"""Is there a sample of every stream close to each image, and depth at the time of its colour?"""

from collections.abc import Iterator

import numpy as np

from teleop_collect.episodes.streams import Int64Array
from teleop_collect.qa.cameras import color_and_depth
from teleop_collect.qa.evidence import Evidence, Span
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

TRIGGERED_MS = 1.5
"""Between colour and depth of one camera, which one trigger exposes."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Distance from images to the nearest sample: of every required stream, and colour to depth."""
    yield from _to_reference(evidence)
    yield from _within_cameras(evidence)


def _within_cameras(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Colour and depth of each camera; images without a sibling are `dropped_images`' concern."""
    for color, depth in color_and_depth(evidence):
        images, depths = _stamps(evidence, color), _stamps(evidence, depth)
        if not len(images) or not len(depths):
            continue
        middle_ms = float(np.median(nearest_ns(images, depths))) / 1e6
        yield Measure("depth_p50_ms", middle_ms, "ms", color)
        if middle_ms > TRIGGERED_MS:
            yield Remark(
                Severity.REVIEW,
                f"half of the images have their depth over {middle_ms:.1f} ms away (limit "
                f"{TRIGGERED_MS:g} ms): colour and depth are not of one moment",
                color,
                measured=middle_ms,
                limit=TRIGGERED_MS,
                unit="ms",
            )


def _to_reference(evidence: Evidence) -> Iterator[Remark | Measure]:
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
        if evidence.discovery_ns:
            spans = [Span(int(stamps[0]), int(stamps[-1]))]
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
    2,
    Layer.INTEGRITY,
    "own limit for streams without a common trigger: p95 at most half a period of the slower; "
    "colour to depth: tolerance of librealsense's tests for hardware-synchronised streams",
    run,
    limits=(
        Limit("95th percentile, of the slower stream", 0.5, "periods"),
        Limit("median between colour and depth of a camera", TRIGGERED_MS, "ms"),
    ),
)
