"""The demo's closing table: what was recorded and how well."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from teleop_collect import topics
from teleop_collect.cli.output import print_table
from teleop_collect.episodes.reader import open_episode

STATUS = f"/{topics.TELEOP_STATUS}"
LOSSES = ("dropped_queue", "lost_transport")
RATE_LIMIT = 0.02
"""Of the nominal rate, by which a stream's mean rate may differ."""
PERIOD_LIMIT = 1.5
"""Periods of teleoperation that the 99th percentile may last."""
COLUMNS = (
    "episode", "outcome", "verdict", "s", "MB", f"worst rate (limit {RATE_LIMIT:.0%})", "lost",
    "largest skew", f"teleop period p99 (limit {PERIOD_LIMIT:g} periods)",
)  # fmt: skip
FOOTNOTE = (
    "Rates and periods are those of this machine as busy as it was. The exit code judges verdicts, "
    "losses and labels, not these two limits."
)
NOT_MET = ": limit not met"


def print_summary(
    folders: Sequence[Path], verdicts: Sequence[str], recording_s: float, *, judged: bool
) -> bool:
    """Print the table.

    Args:
        folders: of the episodes.
        verdicts: of QA, in the same order.
        recording_s: how long recording took, s.
        judged: whether the task has a success predicate, which must then agree with the label.

    Returns:
        Whether every episode is sound: no failing verdict, nothing lost, labels agree.
    """
    rows, good = [], True
    for folder, verdict in zip(folders, verdicts, strict=True):
        with open_episode(folder) as episode:
            manifest = episode.manifest or {}
            stamps_ns = episode.read(STATUS).stamp_ns
        rows.append(_row(folder, manifest, verdict, stamps_ns))
        agrees = manifest["outcome"]["agreement"] is True
        good &= verdict != "fail" and _lost(manifest) == 0 and (agrees or not judged)
    print_table(f"{len(rows)} episodes recorded in {recording_s:.0f} s", COLUMNS, rows)
    print(FOOTNOTE)
    return good


def _row(
    folder: Path, manifest: Mapping[str, Any], verdict: str, status_ns: np.ndarray
) -> tuple[object, ...]:
    size = sum(path.stat().st_size for path in folder.iterdir())
    return (
        manifest["episode_id"],
        {True: "success", False: "failure", None: "unlabeled"}[manifest["outcome"]["success"]],
        verdict,
        f"{manifest['duration_s']:.1f}",
        f"{size / 1e6:.1f}",
        _worst_rate(manifest),
        _lost(manifest),
        _largest_skew(manifest),
        _teleop_period(manifest, status_ns),
    )


def _worst_rate(manifest: Mapping[str, Any]) -> str:
    """The stream whose mean rate is furthest from nominal."""
    deviations = {
        topic: stream["mean_hz"] / stream["expected_hz"] - 1.0
        for topic, stream in manifest["streams"].items()
        if stream["expected_hz"] and stream["mean_hz"] != "unknown"
    }
    topic = max(deviations, key=lambda t: abs(deviations[t]))
    met = "" if abs(deviations[topic]) <= RATE_LIMIT else NOT_MET
    return f"{deviations[topic]:+.2%} {topic}{met}"


def _lost(manifest: Mapping[str, Any]) -> int | str:
    """Messages lost in queues or transport; "unknown" if one cannot tell of a required stream."""
    streams = manifest["streams"].values()
    known = sum(s[key] for s in streams for key in LOSSES if isinstance(s[key], int))
    unknown = any(s[key] == "unknown" for s in streams if s["required"] for key in LOSSES)
    return "unknown" if unknown and not known else known


def _largest_skew(manifest: Mapping[str, Any]) -> str:
    skews = {
        topic: stream["skew_ms"]["max"]
        for topic, stream in manifest["streams"].items()
        if stream.get("skew_ms") and isinstance(stream["skew_ms"]["max"], int | float)
    }
    if not skews:
        return "unknown"
    topic = max(skews, key=lambda t: skews[t])
    return f"{skews[topic]:.1f} ms {topic}"


def _teleop_period(manifest: Mapping[str, Any], status_ns: np.ndarray) -> str:
    """99th percentile of the time between teleop ticks."""
    p99_s = float(np.percentile(np.diff(status_ns), 99)) / 1e9
    nominal_hz = manifest["streams"][STATUS]["expected_hz"]
    met = "" if p99_s * nominal_hz <= PERIOD_LIMIT else NOT_MET
    return f"{p99_s * 1e3:.2f} ms = {p99_s * nominal_hz:.2f} periods{met}"
