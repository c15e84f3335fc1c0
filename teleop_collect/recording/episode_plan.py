"""What is known of an episode before its first message, and what follows at its end.

Turns request, rig and ledger into the manifest and the metadata records of the MCAP file. Decides
nothing and touches no disk.
"""

import json
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from teleop_collect.clock import NS_PER_S
from teleop_collect.provenance.manifest import (
    ClockRecord,
    Hashes,
    Manifest,
    Outcome,
    Software,
    StreamRecord,
    TaskIdentity,
    Termination,
    iso_utc,
    outcome,
)
from teleop_collect.provenance.skew import SkewMeter, unmeasured
from teleop_collect.recording.clock_sync import ClockSync, clock_sync
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.recording.request import StartRequest, rig_check_record
from teleop_collect.recording.rig_documents import (
    RigDocument,
    RigSource,
    calibration_hashes,
    robot_serials,
    urdf_sha256,
)
from teleop_collect.rig.calibration.store import rig_calibration_sha256
from teleop_collect.rig.config import Task
from teleop_collect.topics import Stream, StreamKind

CLOCK_SOURCE = "system UTC, read once at start and carried on by the monotonic clock"
BEGIN_RECORD = "teleop_collect.episode_begin"
LABEL_RECORD = "teleop_collect.label"
END_RECORD = "teleop_collect.episode_end"
_ID_ALPHABET = string.ascii_lowercase + string.digits
_ID_CHARS = 6


@dataclass(frozen=True)
class EpisodeEnd:
    """How an episode ended.

    Attributes:
        ended_ns: anchored UTC ns.
        termination: why recording ended.
        outcome: whether the task worked.
        clock_steps: steps of the wall clock meanwhile.
    """

    ended_ns: int
    termination: Termination
    outcome: Outcome
    clock_steps: int


def new_episode_id(rig_name: str, now_ns: int) -> str:
    """`20261120T093000Z-<rig>-<6 chars>`: sorts by time and names the rig."""
    moment = datetime.fromtimestamp(now_ns // NS_PER_S, UTC)
    suffix = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_CHARS))
    return f"{moment:%Y%m%dT%H%M%SZ}-{rig_name}-{suffix}"


def reference_camera(streams: Mapping[str, Stream]) -> str | None:
    """Topic of the camera against which skew is measured: the first required colour stream."""
    colors = [t for t, s in streams.items() if s.kind is StreamKind.COLOR]
    required = [t for t in colors if streams[t].required]
    return next(iter(required or colors), None)


def skew_meter(streams: Mapping[str, Stream]) -> SkewMeter:
    """Measures the streams against the reference camera."""
    reference = reference_camera(streams)
    number = None if reference is None else list(streams).index(reference)
    return SkewMeter(reference, number, len(streams))


def draft_manifest(
    episode_id: str,
    request: StartRequest,
    task: Task,
    source: RigSource,
    documents: tuple[RigDocument, ...],
    software: Mapping[str, str],
    streams: Mapping[str, Stream],
    started_ns: int,
) -> Manifest:
    """The manifest as far as it is known at the start: ended by nothing yet, with empty ledgers."""
    rig, who = source.rig, source.rig.provenance
    return Manifest(
        episode_id=episode_id,
        rig=rig.name,
        embodiment=rig.embodiment,
        task=TaskIdentity(
            task_id=request.task_id,
            instruction=request.instruction or task.instruction,
            scene_id=request.scene_id or who.scene_id,
        ),
        operator=request.operator or who.operator,
        site=who.site,
        robot_serials=robot_serials(rig),
        started=iso_utc(started_ns),
        started_ns=started_ns,
        ended=iso_utc(started_ns),
        ended_ns=started_ns,
        duration_s=0.0,
        termination="recovered",
        outcome=outcome(None, None, None, request.notes),
        rig_check=rig_check_record(request),
        hashes=Hashes(
            mcap_sha256=None,
            rig=source.sha256,
            urdf=urdf_sha256(documents),
            calibration=rig_calibration_sha256(rig, calibration_hashes(documents)),
        ),
        limits_off=rig.teleop.limits_off,
        calibrations=calibration_hashes(documents),
        software=Software(
            **{k: software.get(k, "unknown") for k in ("version", "commit", "ros_distro", "rmw")}
        ),
        clock=_clock_record(clock_sync()),
        license=who.license,
        consent=who.consent,
        streams={topic: _unrecorded(stream) for topic, stream in streams.items()},
        recovered=False,
    )


def final_manifest(
    draft: Manifest,
    end: EpisodeEnd,
    streams: Mapping[str, Stream],
    ledgers: Sequence[StreamLedger],
    skew: SkewMeter,
) -> Manifest:
    """The manifest at the end, without the hash of the file that is not closed yet."""
    skew.finish()
    records = {
        topic: _stream_record(stream, ledger, draft.started_ns, end.ended_ns).model_copy(
            update={"skew_ms": skew.result(number)}
        )
        for number, ((topic, stream), ledger) in enumerate(
            zip(streams.items(), ledgers, strict=True)
        )
    }
    return draft.model_copy(
        update={
            "ended": iso_utc(end.ended_ns),
            "ended_ns": end.ended_ns,
            "duration_s": (end.ended_ns - draft.started_ns) / NS_PER_S,
            "termination": end.termination,
            "outcome": end.outcome,
            "clock": draft.clock.model_copy(update={"steps": end.clock_steps}),
            "streams": records,
        }
    )


def begin_values(manifest: Manifest) -> dict[str, str]:
    """Values of the metadata record before the first message: a salvaged file is still labelled."""
    return {
        "episode_id": manifest.episode_id,
        "task_id": manifest.task.task_id,
        "instruction": manifest.task.instruction,
        "operator": manifest.operator,
        "started": manifest.started,
        "manifest": json.dumps(manifest.model_dump(mode="json", by_alias=True)),
    }


@dataclass(frozen=True)
class Label:
    """What the operator said of the running episode, and why (or "")."""

    success: bool
    reason: str

    def values(self) -> dict[str, str]:
        """Values of the metadata record that keeps it in an interrupted file."""
        return {"success": json.dumps(self.success), "reason": self.reason}


def label_of(values: Mapping[str, str]) -> Label | None:
    """The label that a metadata record holds; None when it holds none."""
    success = {"true": True, "false": False}.get(values.get("success", ""))
    return None if success is None else Label(success, values.get("reason", ""))


def end_values(manifest: Manifest) -> dict[str, str]:
    """Values of the metadata record after the last message."""
    return {
        "episode_id": manifest.episode_id,
        "ended": manifest.ended,
        "termination": manifest.termination,
        "success": json.dumps(manifest.outcome.success),
        "manifest": json.dumps(manifest.model_dump(mode="json", by_alias=True)),
    }


def _stream_record(
    stream: Stream, ledger: StreamLedger, started_ns: int, ended_ns: int
) -> StreamRecord:
    counts = ledger.counts(started_ns, ended_ns)
    return _unrecorded(stream).model_copy(update=counts.as_record())


def _clock_record(sync: ClockSync) -> ClockRecord:
    return ClockRecord(
        source=CLOCK_SOURCE,
        steps="unknown",
        sync=sync.state,
        sync_estimated_error_us=sync.estimated_error_us,
        sync_maximum_error_us=sync.maximum_error_us,
    )


def _unrecorded(stream: Stream) -> StreamRecord:
    """A stream of which nothing is known yet."""
    return StreamRecord(
        type=stream.type,
        required=stream.required,
        expected_hz=stream.expected_hz,
        mean_hz="unknown",
        expected="unknown",
        received="unknown",
        written=0,
        dropped_queue="unknown",
        lost_transport="unknown",
        gaps="unknown",
        max_gap_ms="unknown",
        out_of_order="unknown",
        duplicate_stamps="unknown",
        late="unknown",
        future_stamps="unknown",
        unstamped="unknown",
        clock_offset_ms="unknown",
        clock_drift_ppm="unknown",
        skew_ms=unmeasured(None),
    )
