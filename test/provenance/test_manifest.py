import json
from pathlib import Path

import pytest
from support.recorder_rig import recorder, request

from teleop_collect.errors import UnreadableError
from teleop_collect.provenance.manifest import agreement, iso_utc, outcome, read_manifest

KEYS = {
    "schema": "",
    "episode_id": "",
    "rig": "",
    "embodiment": "",
    "task": {"task_id", "instruction", "scene_id"},
    "operator": "",
    "site": "",
    "robot_serials": "",
    "started": "",
    "started_ns": "",
    "ended": "",
    "ended_ns": "",
    "duration_s": "",
    "termination": "",
    "outcome": {
        "success",
        "operator_label",
        "predicate_label",
        "agreement",
        "reason",
        "notes",
        "steps",
    },
    "rig_check": {"result", "at", "at_ns", "sha256", "override", "checks_off"},
    "hashes": {"mcap_sha256", "rig", "urdf", "calibration"},
    "limits_off": "",
    "calibrations": "",
    "software": {"version", "commit", "ros_distro", "rmw"},
    "clock": {
        "source",
        "steps",
        "sync",
        "sync_estimated_error_us",
        "sync_maximum_error_us",
    },
    "license": "",
    "consent": "",
    "streams": "",
    "recovered": "",
    "suspect": "",
}
STREAM_KEYS = {
    "type",
    "required",
    "expected_hz",
    "mean_hz",
    "received",
    "written",
    "dropped_queue",
    "lost_transport",
    "lost_device",
    "gaps",
    "max_gap_ms",
    "out_of_order",
    "duplicate_stamps",
    "skew_ms",
    "expected",
    "late",
    "future_stamps",
    "unstamped",
    "clock_offset_ms",
    "clock_drift_ppm",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    core = recorder(tmp_path)
    core.start(request())
    result = core.stop()
    core.close()
    return result.path


def test_every_key_is_present(folder: Path) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    assert list(document) == list(KEYS)
    for key, parts in KEYS.items():
        if parts:
            assert set(document[key]) == parts
    assert document["schema"] == "teleop_collect.manifest/1"
    for stream in document["streams"].values():
        assert set(stream) == STREAM_KEYS
        assert set(stream["skew_ms"]) == {"reference", "p50", "p95", "max"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Invalid JSON"),
        ("{}", "episode_id: Field required"),
        ("[]", "is not a manifest"),
        ("\udcff", "cannot read"),
    ],
)
def test_a_wrong_manifest_is_one_clear_message(folder: Path, text: str, problem: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UnreadableError, match=problem):
        read_manifest(folder)


def test_a_missing_manifest_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot read"):
        read_manifest(tmp_path)


def test_times_are_iso_8601_with_nanoseconds() -> None:
    assert iso_utc(0) == "1970-01-01T00:00:00.000000000Z"
    assert iso_utc(1_795_166_400_000_000_123) == "2026-11-20T09:20:00.000000123Z"


@pytest.mark.parametrize(
    ("operator", "predicate", "success", "agree"),
    [
        (True, True, True, True),
        (True, False, True, False),
        (False, True, False, False),
        (False, False, False, True),
        (None, True, True, None),
        (None, False, False, None),
        (True, None, True, None),
        (False, None, False, None),
        (None, None, None, None),
    ],
)
def test_labels_and_their_agreement(operator, predicate, success, agree) -> None:
    found = outcome(operator, predicate, "why", "notes")
    assert (found.success, found.agreement) == (success, agree)
    assert agreement(operator, predicate) is agree
