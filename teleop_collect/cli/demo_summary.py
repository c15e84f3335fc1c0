"""The demo's closing table: what was recorded and how well."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from teleop_collect import topics
from teleop_collect.cli.output import print_table
from teleop_collect.episodes.reader import open_episode

COLUMNS = (
    "episode", "outcome", "verdict", "s", "MB", "worst rate", "lost", "largest skew",
    "teleop period p99",
)  # fmt: skip


def print_summary(folders: Sequence[Path], verdicts: Sequence[str], recording_s: float) -> bool:
    """Print the table.

    Returns:
        Whether every episode is sound: no failing verdict, nothing lost, labels agree.
    """
    rows, good = [], True
    for folder, verdict in zip(folders, verdicts, strict=True):
        episode = open_episode(folder)
        manifest = episode.manifest or {}
        rows.append(_row(folder, manifest, verdict, _teleop_period_p99_ms(episode)))
        agreement = manifest["outcome"]["agreement"]
        good &= verdict != "fail" and _lost(manifest) == 0 and agreement is not False
    print_table(f"{len(rows)} episodes recorded in {recording_s:.0f} s", COLUMNS, rows)
    return good


def _row(
    folder: Path, manifest: Mapping[str, Any], verdict: str, period_p99_ms: float
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
        f"{period_p99_ms:.2f} ms",
    )


def _worst_rate(manifest: Mapping[str, Any]) -> str:
    """The stream whose mean rate is furthest from nominal."""
    deviations = {
        topic: stream["mean_hz"] / stream["expected_hz"] - 1.0
        for topic, stream in manifest["streams"].items()
        if stream["expected_hz"] and stream["required"] and stream["mean_hz"] != "unknown"
    }
    topic = max(deviations, key=lambda t: abs(deviations[t]))
    return f"{deviations[topic]:+.2%} {topic}"


def _lost(manifest: Mapping[str, Any]) -> int | str:
    """Messages of required streams lost in queues or transport; "unknown" if one cannot tell."""
    streams = [stream for stream in manifest["streams"].values() if stream["required"]]
    counts = [s[key] for s in streams for key in ("dropped_queue", "lost_transport")]
    known = sum(c for c in counts if isinstance(c, int))
    return known if known or "unknown" not in counts else "unknown"


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


def _teleop_period_p99_ms(episode: Any) -> float:
    """99th percentile of the time between teleop ticks, ms."""
    stamps_ns = episode.read(f"/{topics.TELEOP_STATUS}").stamp_ns
    return float(np.percentile(np.diff(stamps_ns), 99)) / 1e6
