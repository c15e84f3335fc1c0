"""manifest.json: who and what an episode is, how it ended, and what became of every message.

The one definition of its shape, for the recorder that writes it and everybody who reads it.
`"unknown"` stands for what could not be observed, and is never 0.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import UnreadableError

Unknown = Literal["unknown"]
Termination = Literal["stopped", "timeout", "fault", "recovered"]
MANIFEST_FILE = "manifest.json"
MAX_MANIFEST_BYTES = 16 << 20


class Part(BaseModel):
    """A part of the manifest: frozen; keys of newer versions are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class TaskIdentity(Part):
    """What the operator was asked to do, and on which scene."""

    task_id: str
    instruction: str
    scene_id: str


class Outcome(Part):
    """Whether the task worked; the operator's word stands above the predicate's."""

    success: bool | None
    operator_label: bool | None
    predicate_label: bool | None
    agreement: bool | None
    reason: str | None
    notes: str
    steps: dict[str, bool | None] = Field(default_factory=dict)
    """Whether each step of the task was reached, as the predicates say."""


class RigCheckRecord(Part):
    """The rig check that opened the gate, or who overrode it (`override`: who and why)."""

    result: str
    at: str | None
    at_ns: int | None
    sha256: str | None
    override: str | None
    checks_off: tuple[str, ...] = ()
    """Checks that a person turned off in the rig file, by name."""


class Hashes(Part):
    """SHA-256, hex; None for what the rig does not have.

    `calibration` covers the rig file's numbers that calibration sets and the calibration files.
    """

    mcap_sha256: str | None
    rig: str
    urdf: str | None
    calibration: str | None


class Software(Part):
    """What recorded the episode."""

    version: str
    commit: str
    ros_distro: str
    rmw: str


class ClockRecord(Part):
    """Where receive times come from, and how often the wall clock stepped meanwhile.

    `sync` says whether anybody (NTP, PTP) disciplines the wall clock of the recording host, with
    the errors that the kernel states; hosts of one rig can be compared only when all are.
    """

    source: str
    steps: int | Unknown
    sync: Literal["synchronised", "unsynchronised", "unknown"] = "unknown"
    sync_estimated_error_us: int | None = None
    sync_maximum_error_us: int | None = None


class Skew(Part):
    """Distance, ms, from each stamp of the reference camera to the stream's nearest stamp."""

    reference: str | None
    p50: float | Unknown
    p95: float | Unknown
    max: float | Unknown


class StreamRecord(Part):
    """One stream and its ledger (see `recording.ledger`)."""

    type: str
    required: bool
    expected_hz: float | None
    mean_hz: float | Unknown
    expected: int | Unknown = "unknown"
    received: int | Unknown
    written: int
    dropped_queue: int | Unknown
    lost_transport: int | Unknown
    lost_device: int | Unknown = "unknown"
    gaps: int | Unknown
    max_gap_ms: float | Unknown
    out_of_order: int | Unknown
    duplicate_stamps: int | Unknown
    late: int | Unknown = "unknown"
    future_stamps: int | Unknown = "unknown"
    unstamped: int | Unknown = "unknown"
    clock_offset_ms: float | Unknown = "unknown"
    clock_drift_ppm: float | Unknown = "unknown"
    skew_ms: Skew


class Manifest(Part):
    """The whole manifest."""

    schema_version: Annotated[Literal["teleop_collect.manifest/1"], Field(alias="schema")] = (
        "teleop_collect.manifest/1"
    )
    episode_id: str
    rig: str
    embodiment: str
    task: TaskIdentity
    operator: str
    site: str
    robot_serials: dict[str, str]
    started: str
    started_ns: int
    ended: str
    ended_ns: int
    duration_s: float
    termination: Termination
    outcome: Outcome
    rig_check: RigCheckRecord
    hashes: Hashes
    limits_off: tuple[str, ...] = ()
    """Limiters of teleoperation that a person turned off by name in the rig file."""
    calibrations: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of each attached calibration file by its name in the recording."""
    software: Software
    clock: ClockRecord
    license: str
    consent: tuple[str, ...]
    streams: dict[str, StreamRecord]
    recovered: bool
    suspect: bool = False
    """An fsync of the file failed; it was written a second time and that one is on the disk."""

    def to_json(self) -> str:
        """Text of manifest.json."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=2, allow_nan=False)


def parse_manifest(text: str, where: str) -> Manifest:
    """Read a manifest.

    Args:
        text: its JSON.
        where: named in the message when it is wrong.

    Raises:
        UnreadableError: it is not a manifest.
    """
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UnreadableError(
            f"{where} is not a manifest: {key or 'document'}: {first['msg']}"
        ) from (None)


def read_manifest(episode_dir: Path) -> Manifest:
    """Manifest of an episode folder.

    Raises:
        UnreadableError: there is none, or it is wrong.
    """
    path = episode_dir / MANIFEST_FILE
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise UnreadableError(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes: no manifest")
        return parse_manifest(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"cannot read {path}: {error}") from None


def agreement(operator_label: bool | None, predicate_label: bool | None) -> bool | None:
    """Whether both judges say the same; None unless both have spoken."""
    if operator_label is None or predicate_label is None:
        return None
    return operator_label == predicate_label


def outcome(
    operator_label: bool | None,
    predicate_label: bool | None,
    reason: str | None,
    notes: str,
    steps: Mapping[str, bool | None] | None = None,
) -> Outcome:
    """The outcome that follows from both labels."""
    return Outcome(
        success=predicate_label if operator_label is None else operator_label,
        operator_label=operator_label,
        predicate_label=predicate_label,
        agreement=agreement(operator_label, predicate_label),
        reason=reason,
        notes=notes,
        steps=dict(steps or {}),
    )


def iso_utc(time_ns: int) -> str:
    """ISO 8601 with nanoseconds, for example 2026-11-20T09:30:00.000000000Z."""
    seconds, nanoseconds = divmod(time_ns, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def as_document(manifest: Manifest) -> dict[str, Any]:
    """The manifest as plain JSON values."""
    return manifest.model_dump(mode="json", by_alias=True)
