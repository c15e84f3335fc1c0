"""What a person says when starting an episode, and the gate that it must pass."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import CheckFailed, ConfigError
from teleop_collect.provenance.manifest import Manifest, RigCheckRecord, iso_utc
from teleop_collect.rig.checks.override import parsed_override
from teleop_collect.rig.config import Rig, Task
from teleop_collect.topics import Qos

MAX_TEXT = 10_000
# A check may be stamped by a host whose clock is a little ahead.
_MAX_FUTURE_S = 60.0
_PSEUDONYM = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")


@dataclass(frozen=True)
class StartRequest:
    """One episode to be recorded; empty texts take the rig file's values.

    Attributes:
        task_id: a task of the rig file.
        instruction: what the operator is asked to do.
        operator: pseudonym.
        scene_id: which scene.
        notes: free text.
        rig_check: the latest rig check's report (`result`, `at_ns`, ...), or None.
        gate_reason: why the rig check does not let this rig record; None where it does, or where
            nobody but `rig_check` itself says so.
        override: who records in spite of the rig check, and why; None normally.
        offered_qos: what publishers offer, by absolute topic, where it was observed.
        practice: go through an episode without recording anything.
    """

    task_id: str
    instruction: str = ""
    operator: str = ""
    scene_id: str = ""
    notes: str = ""
    rig_check: Mapping[str, Any] | None = None
    gate_reason: str | None = None
    override: str | None = None
    offered_qos: Mapping[str, Sequence[Qos]] = field(default_factory=dict)
    practice: bool = False


@dataclass(frozen=True)
class EpisodeResult:
    """A finished episode.

    Attributes:
        path: its folder.
        manifest: as written.
        seconds: how long finishing took.
    """

    path: Path
    manifest: Manifest
    seconds: float


def check_request(request: StartRequest, rig: Rig, rig_sha256: str, now_ns: int) -> Task:
    """The task that a request names, if the request may start.

    Args:
        request: what was asked.
        rig: the rig.
        rig_sha256: hash of its file, which the rig check must have seen.
        now_ns: UTC.

    Raises:
        ConfigError: an unknown task, an unusable text, or an override without name or reason.
        CheckFailed: the rig check does not allow it and nobody overrides.
    """
    task = rig.tasks.get(request.task_id)
    if task is None:
        known = ", ".join(sorted(rig.tasks))
        raise ConfigError(f"task '{request.task_id}' is not in the rig file; it has: {known}")
    if request.operator and not _PSEUDONYM.match(request.operator):
        raise ConfigError(
            f"operator '{request.operator}' is no pseudonym: use up to 64 letters, digits, _ . -"
        )
    for name in ("instruction", "scene_id", "notes", "override"):
        if len(getattr(request, name) or "") > MAX_TEXT:
            raise ConfigError(f"{name} is longer than {MAX_TEXT} characters; shorten it")
    if parsed_override(request.override or "") is None:
        if request.gate_reason is not None:
            raise CheckFailed(f"{request.gate_reason}; or override it by name and reason")
        _check_gate(request.rig_check, rig_sha256, rig.check.max_age_s, now_ns)
    return task


def _check_gate(
    report: Mapping[str, Any] | None, rig_sha256: str, max_age_s: float, now_ns: int
) -> None:
    advice = "run the rig check, or override it by name"
    if report is None:
        raise CheckFailed(f"no rig check has run; {advice}")
    if report.get("result") != "pass":
        raise CheckFailed(f"the last rig check says '{report.get('result')}'; {advice}")
    if report.get("rig_sha256", rig_sha256) != rig_sha256:
        raise CheckFailed(f"the last rig check was of another rig file; {advice}")
    at_ns = report.get("at_ns")
    if not isinstance(at_ns, int):
        raise CheckFailed(f"the last rig check does not say when it ran; {advice}")
    age_s = (now_ns - at_ns) / NS_PER_S
    if not -_MAX_FUTURE_S <= age_s <= max_age_s:
        raise CheckFailed(
            f"the last rig check is {age_s:.0f} s old; check.max_age_s allows 0 to"
            f" {max_age_s:.0f} s; {advice}"
        )


def rig_check_json(report: Mapping[str, Any]) -> bytes:
    """The report as it is attached and hashed."""
    return json.dumps(report, sort_keys=True, default=str).encode()


def rig_check_record(request: StartRequest) -> RigCheckRecord:
    """What the manifest says about the rig check of a request."""
    report = request.rig_check
    if report is None:
        return RigCheckRecord(
            result="missing", at=None, at_ns=None, sha256=None, override=request.override
        )
    at_ns = report.get("at_ns")
    at_ns = at_ns if isinstance(at_ns, int) else None
    return RigCheckRecord(
        result=str(report.get("result", "unknown")),
        at=None if at_ns is None else iso_utc(at_ns),
        at_ns=at_ns,
        sha256=hashlib.sha256(rig_check_json(report)).hexdigest(),
        override=request.override,
        checks_off=tuple(report.get("checks_off", ())),
    )
