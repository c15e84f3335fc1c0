"""Labels of an episode: who said what of it and when (`recording.labels` appends them).

labels.jsonl holds one JSON object a line, oldest first, of persons and of predicates alike. Both
answers are kept apart; where they differ, a person decides, and that is one more line.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from teleop_collect.errors import UnreadableError

FILE_NAME = "labels.jsonl"
MAX_BYTES = 16 << 20

Author = Literal["operator", "reviewer", "predicate"]
"""Who labels: the person who recorded, a person who looked again, or the task's conditions."""


@dataclass(frozen=True)
class Segment:
    """A named stretch of an episode, s since its start."""

    name: str
    start_s: float
    end_s: float
    success: bool | None = None


@dataclass(frozen=True)
class Label:
    """What somebody said of an episode.

    Attributes:
        at_ns: UTC time of labelling, ns.
        success: whether the task worked; None when that is not known (any more).
        reason: in words; or None.
        operator: pseudonym of who said so; or None.
        by: in which role.
        notes: free text.
        segments: stretches of the episode.
        steps: whether each step of the task worked, by name.
        evidence: of predicates: conditions, and values over time.
    """

    at_ns: int
    success: bool | None
    reason: str | None = None
    operator: str | None = None
    by: Author = "operator"
    notes: str = ""
    segments: tuple[Segment, ...] = ()
    steps: Mapping[str, bool | None] = field(default_factory=dict)
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Standing:
    """Where the labels of an episode stand.

    Attributes:
        person: the newest answer of a person; None without one.
        predicate: the newest answer of the predicates; None without one.
        success: what counts: the person's answer, else the predicates'.
        agreement: whether both say the same; None unless both have spoken.
        reviewed: whether a reviewer has spoken after the disagreement arose.
    """

    person: bool | None
    predicate: bool | None
    success: bool | None
    agreement: bool | None
    reviewed: bool

    @property
    def needs_review(self) -> bool:
        """Whether person and predicates differ and no reviewer has looked since."""
        return self.agreement is False and not self.reviewed


def read_labels(folder: Path) -> tuple[Label, ...]:
    """All labels of an episode folder, oldest first; none when the file is absent.

    Raises:
        UnreadableError: a line is not a label.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return ()
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableError(f"{path}: over {MAX_BYTES} bytes; this is no label file")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return tuple(_parse(path, n, line) for n, line in enumerate(lines, 1) if line.strip())


def standing(manifest: Mapping[str, Any] | None, labels: Sequence[Label]) -> Standing:
    """What counts, of what was said while recording and afterwards."""
    outcome = (manifest or {}).get("outcome")
    recorded = outcome if isinstance(outcome, dict) else {}
    persons = [label for label in labels if label.by != "predicate"]
    predicates = [label for label in labels if label.by == "predicate"]
    person = persons[-1].success if persons else _truth(recorded.get("operator_label"))
    predicate = predicates[-1].success if predicates else _truth(recorded.get("predicate_label"))
    success = predicate if person is None else person
    if success is None and not labels:
        success = _truth(recorded.get("success"))
    last_said = {label.by: number for number, label in enumerate(labels)}
    reviewed = last_said.get("reviewer", -1) > last_said.get("predicate", -1)
    agreement = None if person is None or predicate is None else person == predicate
    return Standing(person, predicate, success, agreement, reviewed)


def effective_success(manifest: Mapping[str, Any] | None, labels: Sequence[Label]) -> bool | None:
    """A person's newest word, else the predicates', else None (unlabelled)."""
    return standing(manifest, labels).success


def _parse(path: Path, number: int, line: str) -> Label:
    try:
        return _label(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{path} line {number} is not a label: {error!r}") from error


def _label(fields: Mapping[str, Any]) -> Label:
    by = fields.get("by", "operator")
    if by not in get_args(Author):
        raise ValueError(f"`by` is none of {', '.join(get_args(Author))}")
    evidence = fields.get("evidence")
    if evidence is not None and not isinstance(evidence, dict):
        raise ValueError("`evidence` is no object")
    return Label(
        at_ns=int(fields["at_ns"]),
        success=_answer(fields["success"], "success"),
        reason=fields.get("reason"),
        operator=fields.get("operator"),
        by=by,
        notes=str(fields.get("notes", "")),
        segments=tuple(_segment(value) for value in fields.get("segments", ())),
        steps={str(k): _answer(v, "a step") for k, v in dict(fields.get("steps", {})).items()},
        evidence=evidence,
    )


def _segment(fields: Mapping[str, Any]) -> Segment:
    start_s, end_s = float(fields["start_s"]), float(fields["end_s"])
    if not (math.isfinite(start_s) and math.isfinite(end_s) and 0 <= start_s <= end_s):
        raise ValueError("a segment must end after it begins")
    success = _answer(fields.get("success"), "a segment's success")
    return Segment(str(fields["name"]), start_s, end_s, success)


def _answer(value: object, what: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{what} is neither true, false nor null")
    return value


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
