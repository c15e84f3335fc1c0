"""The few numbers of an episode by which it is compared with others; kept in its qa.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np

from teleop_collect import topics
from teleop_collect.clock import NS_PER_S
from teleop_collect.qa.dataset.way import way_of
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import QaReport
from teleop_collect.qa.motion import clean

UNKNOWN = "unknown"
ROUNDED = 6


@dataclass(frozen=True)
class Digest:
    """One episode.

    Attributes:
        episode_id: which one.
        task: id of the task.
        device: kind of the operator's device.
        operator: pseudonym.
        day: UTC date of the start.
        duration_s: first to last sample.
        path_rad: way of all joints.
        tool_m: way of the tool; None where it cannot be computed.
        sparc: smoothness, higher is smoother; None without motion.
        ldlj: smoothness, higher is smoother; None without motion.
        lag_ms: action to state.
        idle_share: time in which no joint moves, of all.
        spikes: jumps of the action.
        gripper_changes: between open and closed.
        start: joint positions at the start by `PREFIX JOINT`, rad or m.
        end: joint positions at the end.
        objects: x, y, z of tracked objects at the start, m, by topic.
        path: by joint, 32 positions at even distances along the way; empty without motion.
        success: whether the task worked; None when nobody said.
    """

    episode_id: str
    task: str = UNKNOWN
    device: str = UNKNOWN
    operator: str = UNKNOWN
    day: str = UNKNOWN
    duration_s: float | None = None
    path_rad: float | None = None
    tool_m: float | None = None
    sparc: float | None = None
    ldlj: float | None = None
    lag_ms: float | None = None
    idle_share: float | None = None
    spikes: float | None = None
    gripper_changes: float | None = None
    start: Mapping[str, float] = field(default_factory=dict)
    end: Mapping[str, float] = field(default_factory=dict)
    objects: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    path: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    success: bool | None = None

    def as_document(self) -> dict[str, Any]:
        """The digest in qa.json."""
        return asdict(self)


def digest_of(evidence: Evidence, report: QaReport) -> Digest:
    """The digest of a checked episode."""
    arms = evidence.arms
    mapped = evidence.mapping.mapping.task_id if evidence.mapping else UNKNOWN
    first, last = _postures(evidence)
    return Digest(
        episode_id=evidence.episode.episode_id,
        task=_text(evidence.episode.manifest_part("task").get("task_id"), mapped),
        device=", ".join(sorted({arm.device for arm in arms})) or UNKNOWN,
        operator=_text(evidence.manifest.get("operator"), UNKNOWN),
        day=_day(evidence.start_ns),
        duration_s=report.measure("duration", "covered_s"),
        path_rad=_total(report, "path_length", "joints_rad"),
        tool_m=_total(report, "path_length", "tool_m"),
        sparc=_least(report, "smoothness", "sparc"),
        ldlj=_least(report, "smoothness", "ldlj"),
        lag_ms=_least(report, "action_state_lag", "median_ms"),
        idle_share=_least(report, "idle_time", "share"),
        spikes=_total(report, "spikes", "spikes"),
        gripper_changes=_total_ending(report, "gripper_chatter", "_toggles"),
        start=first,
        end=last,
        objects=_objects(evidence),
        path=way_of(evidence),
        success=evidence.episode.effective_label,
    )


def from_document(document: Mapping[str, Any]) -> Digest | None:
    """The digest inside a qa.json; None where it has none of this version."""
    found = document.get("digest")
    known = {f.name for f in fields(Digest)}
    if not isinstance(found, dict) or set(found) != known:
        return None
    return Digest(**found)


def _postures(evidence: Evidence) -> tuple[dict[str, float], dict[str, float]]:
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for arm in evidence.arms:
        data = evidence.read(arm.follower) if arm.follower else None
        position = clean(data)[1] if data is not None and data.names else np.zeros((0, 0))
        for column, name in enumerate(data.names if data is not None and len(position) else ()):
            key = f"{arm.prefix.strip('/')} {name}".strip()
            first[key] = round(float(position[0, column]), ROUNDED)
            last[key] = round(float(position[-1, column]), ROUNDED)
    return first, last


def _objects(evidence: Evidence) -> dict[str, tuple[float, ...]]:
    tools = {arm.tool_pose for arm in evidence.arms}
    found = {}
    for topic, info in evidence.episode.streams.items():
        data = evidence.read(topic) if info.type == topics.POSE_STAMPED else None
        if data is not None and topic not in tools and "position_m" in data.values:
            xyz = data.values["position_m"][0]
            if np.isfinite(xyz).all():
                found[topic] = tuple(round(float(v), ROUNDED) for v in xyz)
    return found


def _measures(report: QaReport, check: str, name: str) -> list[float]:
    return [m.value for m in report.measures.get(check, ()) if m.name == name]


def _total(report: QaReport, check: str, name: str) -> float | None:
    found = _measures(report, check, name)
    return sum(found) if found else None


def _total_ending(report: QaReport, check: str, ending: str) -> float | None:
    found = [m.value for m in report.measures.get(check, ()) if m.name.endswith(ending)]
    return sum(found) if found else None


def _least(report: QaReport, check: str, name: str) -> float | None:
    return min(_measures(report, check, name), default=None)


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) else default


def _day(start_ns: int) -> str:
    try:
        return f"{datetime.fromtimestamp(start_ns / NS_PER_S, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return UNKNOWN
