"""Writes labels: appended to labels.jsonl and safe on the disk, never overwritten."""

import json
from pathlib import Path
from typing import Any

from teleop_collect.clock import Clock, SystemClock
from teleop_collect.episodes.labels import FILE_NAME, Label
from teleop_collect.episodes.predicates.judgement import Judgement
from teleop_collect.errors import ConfigError
from teleop_collect.provenance.manifest import MANIFEST_FILE, iso_utc
from teleop_collect.recording.episode_file import append_durably
from teleop_collect.recording.file_system import FileSystem
from teleop_collect.recording.request import EpisodeResult

PREDICATE = "predicate"


def append_label(
    episode_dir: Path,
    success: bool | None,
    operator: str,
    reason: str | None = None,
    *,
    clock: Clock | None = None,
    file_system: FileSystem | None = None,
    **more: Any,
) -> None:
    """Add one label to a finished episode and wait until it is on the disk.

    Args:
        episode_dir: the episode's folder.
        success: whether the task worked; None takes an earlier answer back.
        operator: pseudonym of the person who says so.
        reason: why, in free text.
        clock: time of the label.
        file_system: calls to use.
        more: further fields of `episodes.labels.Label`.

    Raises:
        ConfigError: there is no finished episode in that folder.
        OSError: the disk refused.
    """
    at_ns = (clock or SystemClock()).utc_ns()
    label = Label(at_ns, success, reason, operator, **more)
    append_line(episode_dir, label, file_system)


def label_finished(
    result: EpisodeResult,
    success: bool,
    reason: str | None,
    clock: Clock,
    file_system: FileSystem,
) -> None:
    """Add its operator's word on a finished episode; see `append_label`."""
    operator = result.manifest.operator
    append_label(result.path, success, operator, reason, clock=clock, file_system=file_system)


def append_line(episode_dir: Path, label: Label, file_system: FileSystem | None = None) -> None:
    """Add a label as it is; see `append_label`."""
    if not (episode_dir / MANIFEST_FILE).is_file():
        raise ConfigError(f"cannot label {episode_dir}: it holds no finished episode")
    line = label_line(label, episode_dir.name)
    append_durably(file_system or FileSystem(), episode_dir / FILE_NAME, line)


def predicate_label(judgement: Judgement, at_ns: int) -> Label:
    """What the predicates said, as a label."""
    steps = {step.name: step.success for step in judgement.steps}
    return Label(
        at_ns,
        judgement.success,
        operator=PREDICATE,
        by="predicate",
        steps=steps,
        evidence=judgement.evidence,
    )


def label_line(label: Label, episode_id: str) -> bytes:
    """One line of labels.jsonl."""
    fields = {
        "at": iso_utc(label.at_ns),
        "at_ns": label.at_ns,
        "episode_id": episode_id,
        "by": label.by,
        "success": label.success,
        "operator": label.operator,
        "reason": label.reason,
        "notes": label.notes,
        "segments": [vars(segment) for segment in label.segments],
        "steps": dict(label.steps),
    }
    if label.evidence is not None:
        fields["evidence"] = label.evidence
    return json.dumps(fields, allow_nan=False).encode() + b"\n"
