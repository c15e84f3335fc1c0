"""One episode in the report: verdict, findings, pictures, plots, streams."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from teleop_collect.episodes.reader import Episode
from teleop_collect.errors import UnreadableError
from teleop_collect.pages.html import Html, badge, number, table, text
from teleop_collect.pages.svg import Line, Strip, plot, strips
from teleop_collect.pages.thumbnail import thumbnail
from teleop_collect.qa.arms import ArmStreams
from teleop_collect.qa.checks.gaps import GAP_PERIODS
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.report.grouping import grouped
from teleop_collect.qa.report.timing import finding_strips, rate_plot, skew_plot
from teleop_collect.samples import FloatArray

COMPARISON = "<!-- comparison -->"
"""Where the dataset's report puts the comparison with other episodes."""
REQUESTED, SENT, MEASURED = "#999999", "#1f77b4", "#d95f02"
AXES = (("x", "#b3261e"), ("y", "#2a7d3f"), ("z", "#1f4fb4"))
LIMITED, GAP = "#b37400", "#b3261e"


def section(evidence: Evidence, document: Mapping[str, Any]) -> Html:
    """HTML of one episode.

    Args:
        evidence: the episode, scanned.
        document: its qa.json.
    """
    episode = evidence.episode
    identity = text(episode.episode_id)
    parts = [
        f'<h2 id="{identity}">{badge(str(document.get("verdict")))} {identity}</h2>',
        f"<p>{_summary(episode)}</p>",
        _findings(document.get("findings") or []),
        f'<div class="images">{"".join(_images(evidence))}</div>',
        COMPARISON,
        "<h3>Joints</h3>" if evidence.arms else "",
        *(_joints(evidence, arm) for arm in evidence.arms),
        "<h3>Findings, gaps (red) and limiters (orange) on the time line</h3>",
        _strips(evidence, document.get("findings") or []),
        "<h3>Rate and skew</h3>",
        f'<div class="plots">{rate_plot(evidence)}{skew_plot(evidence)}</div>',
        "<h3>Streams</h3>",
        _streams(evidence, document.get("measures") or {}),
        "<h3>Measures</h3>",
        _measures(document.get("measures") or {}),
    ]
    return Html("".join(parts))


def _summary(episode: Episode) -> Html:
    manifest = episode.manifest or {}
    task = episode.manifest_part("task")
    label = {True: "success", False: "failure", None: "unlabelled"}[episode.effective_label]
    known = (
        task.get("instruction"),
        task.get("task_id"),
        manifest.get("rig"),
        manifest.get("operator"),
        manifest.get("started"),
        label,
    )
    return Html(" · ".join(text(part) for part in known if part))


def _findings(findings: Sequence[Mapping[str, Any]]) -> Html:
    if not findings:
        return Html("<p>No check found anything.</p>")
    rows = [
        (
            badge(str(f.get("severity"))),
            f.get("check"),
            streams,
            number(f.get("t_s")),
            f.get("message"),
        )
        for f, streams in grouped(findings)
    ]
    return table(("severity", "check", "stream", "at s", "finding"), rows)


def _images(evidence: Evidence) -> list[Html]:
    """First, middle and last image of each colour camera."""
    found = []
    for topic, facts in sorted(evidence.images.items()):
        count = len(evidence.times(topic))
        if facts.is_depth or count == 0:
            continue
        for position in sorted({0, count // 2, count - 1}):
            try:
                image = evidence.episode.image(topic, position)
            except UnreadableError:
                continue
            found.append(thumbnail(image, f"{topic} {position}"))
    return found


def _joints(evidence: Evidence, arm: ArmStreams) -> Html:
    kinds = (
        ("requested", REQUESTED, arm.requested),
        ("sent", SENT, arm.sent),
        ("measured", MEASURED, arm.follower),
    )
    lines: dict[str, list[Line]] = {}
    for label, color, topic in kinds:
        data = evidence.read(topic) if topic else None
        for column, name in enumerate(data.names if data else ()):
            assert data is not None
            values = data.values["position"][:, column]
            lines.setdefault(name, []).append(
                Line(label, color, _t(evidence, data.stamp_ns), values)
            )
    plots = [plot(name, arm.unit(name), found) for name, found in lines.items()]
    return Html(f'<div class="plots">{"".join([*plots, _wrench(evidence, arm)])}</div>')


def _wrench(evidence: Evidence, arm: ArmStreams) -> Html:
    data = evidence.read(arm.wrench) if arm.wrench else None
    if data is None:
        return Html("")
    t_s = _t(evidence, data.stamp_ns)
    found = []
    for key, unit in (("force_n", "N"), ("torque_nm", "Nm")):
        lines = [Line(a, c, t_s, data.values[key][:, i]) for i, (a, c) in enumerate(AXES)]
        found.append(plot(key.partition("_")[0], unit, lines))
    return Html("".join(found))


def _strips(evidence: Evidence, findings: Sequence[Mapping[str, Any]]) -> Html:
    span = evidence.covered
    rows = finding_strips(evidence, findings)
    for info, expected_hz in evidence.periodic():
        stamps = np.unique(evidence.times(info.topic).stamp_ns)
        points = np.concatenate([[span.start_ns], stamps[stamps > 0], [span.end_ns]])
        steps = np.diff(points)
        late = np.flatnonzero(steps > GAP_PERIODS * 1e9 / expected_hz)
        marks = [
            ((points[i] - span.start_ns) / 1e9, (points[i + 1] - span.start_ns) / 1e9) for i in late
        ]
        rows.append(Strip(info.topic, GAP, marks))
    if evidence.limiters is not None:
        stamps, bits = evidence.limiters
        edges = np.flatnonzero(np.diff(np.concatenate([[0], bits != 0, [0]]).astype(np.int8)))
        marks = [
            ((stamps[a] - span.start_ns) / 1e9, (stamps[b - 1] - span.start_ns) / 1e9)
            for a, b in edges.reshape(-1, 2)
        ]
        rows.append(Strip("limiters", LIMITED, marks))
    return strips(rows, (span.end_ns - span.start_ns) / 1e9)


def _streams(evidence: Evidence, measures: Mapping[str, Any]) -> Html:
    def value(check: str, name: str, topic: str) -> float | None:
        for measure in measures.get(check, ()):
            if measure.get("name") == name and measure.get("stream") == topic:
                return float(measure["value"])
        return None

    rows = []
    for topic, info in sorted(evidence.episode.streams.items()):
        missing = value("gaps", "missing_share", topic)
        rows.append(
            (
                topic,
                info.type,
                info.count,
                number(value("rates", "mean_hz", topic)),
                number(None if missing is None else 100 * missing),
                number(value("gaps", "longest_ms", topic), 1),
                number(value("skew", "p95_ms", topic), 1),
                info.ledger.get("lost_transport", "unknown"),
                info.ledger.get("dropped_queue", "unknown"),
            )
        )
    columns = ("stream", "type", "count", "Hz", "missing %", "longest ms", "skew p95 ms")
    return table((*columns, "lost", "dropped"), rows)


def _measures(measures: Mapping[str, Any]) -> Html:
    """What stands in no other table."""
    shown = {"rates", "gaps", "skew", "monotonic_stamps", "losses", "receive_delay"}
    rows = [
        (check, m.get("name"), m.get("stream") or "", number(m.get("value"), 4), m.get("unit"))
        for check, found in measures.items()
        if check not in shown
        for m in found
    ]
    return table(("check", "measure", "stream", "value", "unit"), rows)


def _t(evidence: Evidence, stamp_ns: Any) -> FloatArray:
    t_s: FloatArray = (stamp_ns - evidence.start_ns) / 1e9
    return t_s
