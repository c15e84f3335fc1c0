"""Are samples missing: between two others, or at the beginning or end of the episode?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.streams import Int64Array, StreamInfo
from teleop_collect.qa.evidence import DISCOVERY_NS, Evidence, Span
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity

GAP_PERIODS = 1.5
FAIL_GAP_NS = 200_000_000
REVIEW_SHARE, FAIL_SHARE = 0.01, 0.05


@dataclass(frozen=True)
class Gaps:
    """Gaps of one stream.

    Attributes:
        count: intervals longer than 1.5 periods.
        missing: samples that would have filled them.
        expected: samples that should be there.
        longest_ns: longest interval, ns.
        longest_at_ns: when it begins, ns since the Unix epoch.
    """

    count: int
    missing: int
    expected: int
    longest_ns: int
    longest_at_ns: int


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Counts gaps, and judges the share of missing samples and the longest gap."""
    for info, expected_hz in evidence.periodic():
        gaps = find_gaps(evidence, info, expected_hz)
        if gaps is None:
            continue
        share = gaps.missing / gaps.expected
        yield Measure("gaps", gaps.count, "1", info.topic)
        yield Measure("missing_share", share, "1", info.topic)
        yield Measure("longest_ms", gaps.longest_ns / 1e6, "ms", info.topic)
        yield from _judge(evidence, info, gaps, share, NS_PER_S / expected_hz)


def _judge(
    evidence: Evidence, info: StreamInfo, gaps: Gaps, share: float, period_ns: float
) -> Iterator[Remark]:
    if gaps.count == 0:
        return
    t_s = evidence.t_s(gaps.longest_at_ns)
    longest_limit_ns = max(FAIL_GAP_NS, GAP_PERIODS * period_ns)
    if gaps.longest_ns > longest_limit_ns:
        ms, limit_ms = gaps.longest_ns / 1e6, longest_limit_ns / 1e6
        message = f"nothing for {ms:.0f} ms (limit {limit_ms:.0f} ms)"
        yield Remark(Severity.FAIL, message, info.topic, t_s, ms, limit_ms, "ms")
    severity = Severity.INFO
    limit = REVIEW_SHARE
    if share > REVIEW_SHARE:
        severity = Severity.REVIEW
    if share > FAIL_SHARE:
        severity, limit = Severity.FAIL, FAIL_SHARE
    yield Remark(
        severity,
        f"{gaps.count} gaps, {gaps.missing} of {gaps.expected} samples missing "
        f"({100 * share:.2f}%, limit {100 * limit:g}%)",
        info.topic,
        t_s,
        100 * share,
        100 * limit,
        "%",
    )


def find_gaps(evidence: Evidence, info: StreamInfo, expected_hz: float) -> Gaps | None:
    """Gaps of a stream over the time in which it is due; None when it never is."""
    stamps = np.unique(evidence.times(info.topic).stamp_ns)
    period_ns = NS_PER_S / expected_hz
    ends_ns = max(FAIL_GAP_NS, evidence.discovery_ns)
    found = [_in_span(stamps[stamps > 0], span, period_ns, ends_ns) for span in evidence.due(info)]
    found = [gaps for gaps in found if gaps.expected > 0]
    if not found:
        return None
    longest = max(found, key=lambda gaps: gaps.longest_ns)
    return Gaps(
        sum(g.count for g in found),
        sum(g.missing for g in found),
        sum(g.expected for g in found),
        longest.longest_ns,
        longest.longest_at_ns,
    )


def _in_span(stamps: Int64Array, span: Span, period_ns: float, ends_ns: int) -> Gaps:
    """Gaps between samples; at the ends of the span only those over `ends_ns`.

    A stream may join a little late or end a little early, so its ends are judged less strictly.
    """
    inside = stamps[(stamps >= span.start_ns) & (stamps <= span.end_ns)]
    points = np.concatenate([[span.start_ns], inside, [span.end_ns]]).astype(np.int64)
    steps = np.diff(points)
    limits = np.full(len(steps), GAP_PERIODS * period_ns)
    limits[[0, -1]] = max(ends_ns, GAP_PERIODS * period_ns)
    is_gap = steps > limits
    missing = int(np.maximum(np.rint(steps[is_gap] / period_ns) - 1, 1).sum())
    between_samples = is_gap.copy()
    between_samples[1:-1] = True
    lengths = np.where(between_samples, steps, 0)
    at = int(np.argmax(lengths))
    count = int(is_gap.sum())
    return Gaps(count, missing, len(inside) + missing, int(lengths[at]), int(points[at]))


CHECK = Check(
    "gaps",
    2,
    Layer.INTEGRITY,
    "gap over 1.5 periods: lerobot-doctor; own limits: missing over 1% review, over 5% or a gap "
    "over 200 ms fail",
    run,
    limits=(
        Limit("interval that counts as a gap", GAP_PERIODS, "periods", Severity.INFO),
        Limit("missing samples", 100 * REVIEW_SHARE, "%"),
        Limit("missing samples", 100 * FAIL_SHARE, "%", Severity.FAIL),
        Limit("longest gap", FAIL_GAP_NS / 1e6, "ms", Severity.FAIL),
        Limit("at the ends of a bag without manifest", DISCOVERY_NS / NS_PER_S, "s", Severity.FAIL),
    ),
)
