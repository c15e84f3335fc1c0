"""What the manifest of a recovered episode says."""

from teleop_collect.clock import NS_PER_S
from teleop_collect.provenance.manifest import Manifest, Outcome, StreamRecord, iso_utc, outcome
from teleop_collect.recording.episode_plan import Label
from teleop_collect.recording.ledger import StreamLedger
from teleop_collect.recording.salvage_writer import Recovered


def recovered_manifest(draft: Manifest, recovered: Recovered, reason: str) -> Manifest:
    """The manifest of a recovered episode.

    Its recorder's own, where that had come to the end of the file and all of it was read; else what
    the file shows, and unknown for all else.
    """
    if recovered.end is not None and recovered.is_whole:
        return _ended_manifest(recovered.end, recovered, reason)
    ended_ns = max(recovered.end_ns, draft.started_ns)
    streams = {
        topic: _recovered_stream(record, recovered.ledgers.get(topic), draft.started_ns, ended_ns)
        for topic, record in draft.streams.items()
    }
    return draft.model_copy(
        update={
            "ended": iso_utc(ended_ns),
            "ended_ns": ended_ns,
            "duration_s": (ended_ns - draft.started_ns) / NS_PER_S,
            "termination": "recovered",
            "outcome": _outcome(draft, recovered.label, reason),
            "hashes": draft.hashes.model_copy(update={"mcap_sha256": recovered.sha256}),
            "streams": streams,
            "recovered": True,
        }
    )


def _ended_manifest(end: Manifest, recovered: Recovered, reason: str) -> Manifest:
    reasons = "; ".join(text for text in (end.outcome.reason, reason) if text)
    return end.model_copy(
        update={
            "outcome": end.outcome.model_copy(update={"reason": reasons}),
            "hashes": end.hashes.model_copy(update={"mcap_sha256": recovered.sha256}),
            "recovered": True,
        }
    )


def _outcome(draft: Manifest, label: Label | None, reason: str) -> Outcome:
    """The operator's label survives; the predicate needs an end that was seen."""
    if label is None:
        return outcome(None, None, reason, draft.outcome.notes)
    reasons = "; ".join(text for text in (label.reason, reason) if text)
    return outcome(label.success, None, reasons, draft.outcome.notes)


def _recovered_stream(
    record: StreamRecord, ledger: StreamLedger | None, started_ns: int, ended_ns: int
) -> StreamRecord:
    if ledger is None:
        return record
    seen = ledger.counts(started_ns, ended_ns).as_record()
    lost = {"received": "unknown", "dropped_queue": "unknown", "lost_transport": "unknown"}
    return record.model_copy(update=seen | lost)
