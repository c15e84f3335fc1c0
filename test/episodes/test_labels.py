import json
from pathlib import Path
from typing import Any

import pytest

from teleop_collect.episodes.labels import Label, Standing, read_labels, standing
from teleop_collect.errors import UnreadableError


def manifest(operator: bool | None, predicate: bool | None) -> dict[str, Any]:
    success = predicate if operator is None else operator
    outcome = {"operator_label": operator, "predicate_label": predicate, "success": success}
    return {"outcome": outcome}


def said(by: str, success: bool | None) -> Label:
    return Label(1, success, by=by)


@pytest.mark.parametrize(
    ("recorded", "labels", "expected"),
    [
        ((True, True), [], Standing(True, True, True, True, False)),
        ((None, False), [], Standing(None, False, False, None, False)),
        ((None, None), [], Standing(None, None, None, None, False)),
        ((True, True), [said("operator", False)], Standing(False, True, False, False, False)),
        ((True, False), [said("reviewer", False)], Standing(False, False, False, True, True)),
        ((True, False), [said("reviewer", True)], Standing(True, False, True, False, True)),
        ((True, True), [said("operator", None)], Standing(None, True, True, None, False)),
        (
            (True, False),
            [said("reviewer", True), said("predicate", False)],
            Standing(True, False, True, False, False),
        ),
        (
            (None, None),
            [said("predicate", True), said("operator", True)],
            Standing(True, True, True, True, False),
        ),
    ],
)
def test_what_counts_of_all_that_was_said(recorded, labels, expected):
    assert standing(manifest(*recorded), labels) == expected
    disagree = expected.agreement is False and not expected.reviewed
    assert standing(manifest(*recorded), labels).needs_review is disagree


def test_files_of_other_recorders_are_unlabelled():
    assert standing(None, []) == Standing(None, None, None, None, False)
    assert standing({"outcome": "x"}, []) == Standing(None, None, None, None, False)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "7",
        '{"at_ns": 1}',
        '{"at_ns": 1, "success": "yes"}',
        '{"at_ns": 1, "success": true, "by": "nobody"}',
        '{"at_ns": 1, "success": true, "steps": 3}',
        '{"at_ns": 1, "success": true, "steps": {"a": "x"}}',
        '{"at_ns": 1, "success": true, "segments": [{"name": "a", "start_s": 2, "end_s": 1}]}',
        '{"at_ns": 1, "success": true, "segments": [7]}',
        '{"at_ns": 1, "success": true, "evidence": "much"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_label_is_refused_with_its_line(tmp_path: Path, line: str):
    good = json.dumps({"at_ns": 1, "success": True})
    (tmp_path / "labels.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(UnreadableError, match=r"labels\.jsonl line 2 is not a label"):
        read_labels(tmp_path)


def test_lines_of_the_first_form_are_read(tmp_path: Path):
    (tmp_path / "labels.jsonl").write_text('{"at_ns": 5, "success": false, "reason": "x"}\n\n')
    assert read_labels(tmp_path) == (Label(5, False, "x"),)
