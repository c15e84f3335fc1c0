"""Rates, skew and findings over the time of an episode."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from teleop_collect.clock import NS_PER_S
from teleop_collect.pages.html import Html
from teleop_collect.pages.svg import Line, Strip, plot
from teleop_collect.qa.checks.skew import nearest_ns, reference_of
from teleop_collect.qa.evidence import Evidence

WINDOW_NS = NS_PER_S // 4
COLORS = ("#1f77b4", "#d95f02", "#2a7d3f", "#7b3294", "#b37400", "#5b6b7a", "#b3261e", "#17869e")
SEVERITY_COLORS = {"fail": "#b3261e", "review": "#b37400", "info": "#5b6b7a"}
LEAST_MARK_S = 0.02
MAX_LINES = 8
MAX_WINDOWS = 100_000


def rate_plot(evidence: Evidence) -> Html:
    """Messages a quarter of a second, in percent of the nominal rate."""
    lines: list[Line] = []
    for info, expected_hz in evidence.periodic():
        stamps = np.sort(evidence.times(info.topic).stamp_ns)
        stamps = stamps[stamps > 0]
        if not evidence.is_required(info) or len(stamps) < 2 or info.topic.endswith("camera_info"):
            continue
        if not WINDOW_NS < np.ptp(stamps) < MAX_WINDOWS * WINDOW_NS:
            continue
        edges = np.arange(stamps[0], stamps[-1], WINDOW_NS)
        counts = np.diff(np.searchsorted(stamps, edges))
        percent = 100.0 * counts * NS_PER_S / WINDOW_NS / expected_hz
        t_s = (edges[:-1] - evidence.start_ns) / NS_PER_S
        lines.append(_line(info.topic, len(lines), t_s, percent))
    return plot("rate", "% of nominal", lines[:MAX_LINES])


def skew_plot(evidence: Evidence) -> Html:
    """Distance from each image of the reference camera to the nearest sample of other streams."""
    reference = reference_of(evidence)
    if reference is None:
        return Html("")
    images = np.unique(evidence.times(reference).stamp_ns)
    images = images[images > 0]
    lines: list[Line] = []
    for info, _ in evidence.periodic():
        stamps = np.unique(evidence.times(info.topic).stamp_ns)
        stamps = stamps[stamps > 0]
        skip = info.topic == reference or info.topic.endswith("camera_info")
        if skip or not evidence.is_required(info) or not len(stamps) or not len(images):
            continue
        t_s = (images - evidence.start_ns) / NS_PER_S
        lines.append(_line(info.topic, len(lines), t_s, nearest_ns(images, stamps) / 1e6))
    return plot(f"skew against {reference}", "ms", lines[:MAX_LINES])


def finding_strips(evidence: Evidence, findings: Sequence[Mapping[str, Any]]) -> list[Strip]:
    """A row for each check that has something to say of a moment, marked where."""
    offset_s = evidence.t_s(evidence.covered.start_ns)
    rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for finding in findings:
        t_s = finding.get("t_s")
        if isinstance(t_s, int | float):
            begin = float(t_s) - offset_s
            lasts = finding.get("measured") if finding.get("unit") in ("s", "ms") else None
            length = float(lasts) / (1e3 if finding.get("unit") == "ms" else 1) if lasts else 0.0
            key = (str(finding.get("check")), str(finding.get("severity")))
            rows.setdefault(key, []).append((begin, begin + max(length, LEAST_MARK_S)))
    return [
        Strip(f"finding: {check}", SEVERITY_COLORS.get(severity, "#5b6b7a"), marks)
        for (check, severity), marks in rows.items()
    ]


def _line(topic: str, number: int, t_s: Any, values: Any) -> Line:
    return Line(topic, COLORS[number % len(COLORS)], t_s, np.asarray(values, dtype=np.float64))
