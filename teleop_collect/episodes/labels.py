"""Reads labels added after recording: one JSON object a line (`recording.labels` appends them)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teleop_collect.errors import UnreadableError

FILE_NAME = "labels.jsonl"
MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class Label:
    """What somebody said of an episode after it was recorded.

    Attributes:
        at_ns: UTC time of labelling, ns.
        success: whether the task worked.
        reason: in words; or None.
        operator: pseudonym of who said so; or None.
    """

    at_ns: int
    success: bool
    reason: str | None = None
    operator: str | None = None


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


def effective_success(manifest: Mapping[str, Any] | None, labels: Sequence[Label]) -> bool | None:
    """The newest label's word, else the outcome at recording, else None (unlabelled)."""
    if labels:
        return labels[-1].success
    outcome = (manifest or {}).get("outcome")
    success = outcome.get("success") if isinstance(outcome, dict) else None
    return success if isinstance(success, bool) else None


def _parse(path: Path, number: int, line: str) -> Label:
    try:
        fields = json.loads(line)
        if not isinstance(fields["success"], bool):
            raise ValueError("success is neither true nor false")
        return Label(
            int(fields["at_ns"]), fields["success"], fields.get("reason"), fields.get("operator")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{path} line {number} is not a label: {error!r}") from error
