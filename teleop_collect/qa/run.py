"""Runs all checks on an episode and keeps the answer beside it."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from teleop_collect.episodes.files import QA
from teleop_collect.episodes.mapping import LoadedMapping
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import UnreadableError
from teleop_collect.qa.dataset.digest import digest_of
from teleop_collect.qa.early import EarlyLook
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import (
    ORDER,
    Check,
    Finding,
    Layer,
    Measure,
    QaReport,
    Remark,
    Severity,
    verdict_of,
)
from teleop_collect.qa.registry import CHECKS

MAX_REASON = 200
"""Letters of an error that stand in a finding."""


def check_episode(
    path: str | Path,
    *,
    write: bool = True,
    mapping: LoadedMapping | None = None,
    early: EarlyLook | None = None,
) -> QaReport:
    """Check one episode.

    Args:
        path: an episode folder, an MCAP file, or a folder of another rosbag2 recorder.
        write: keep the answer in the episode's folder as qa.json (a bare file has no folder).
        mapping: which topic is which stream, for recordings of others.
        early: what was looked at while it was recorded.

    Raises:
        UnreadableError: there is no episode that could be checked.
        ConfigError: the mapping does not fit the recording.
        OSError: qa.json cannot be written.
    """
    with open_episode(path) as episode:
        evidence = Evidence(episode, mapping, early)
        report = report_on(evidence)
        if write and episode.folder is not None:
            write_document(document_of(evidence, report), episode.folder)
    return report


def report_on(evidence: Evidence, checks: Sequence[Check] = CHECKS) -> QaReport:
    """What the checks find."""
    findings: list[Finding] = []
    measures: dict[str, tuple[Measure, ...]] = {}
    for check in checks:
        answers = _answers(check, evidence)
        findings += [
            a if isinstance(a, Finding) else check.finding(a)
            for a in answers
            if not isinstance(a, Measure)
        ]
        measures[check.name] = tuple(
            a for a in answers if isinstance(a, Measure) and math.isfinite(a.value)
        )
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return QaReport(
        evidence.episode.episode_id, verdict_of(findings), tuple(findings), measures, tuple(checks)
    )


def _answers(check: Check, evidence: Evidence) -> list[Remark | Measure | Finding]:
    """What a check says; content that it breaks on is a failure of the episode, not of the run."""
    try:
        return list(check.run(evidence))
    except UnreadableError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:MAX_REASON]
        message = f"the check {check.name} cannot judge what was recorded ({reason})"
        return [Finding(Severity.FAIL, message, check=check.name, layer=Layer.INTEGRITY)]


def document_of(evidence: Evidence, report: QaReport) -> dict[str, Any]:
    """Content of an episode's qa.json: the report, and what a dataset compares."""
    return {**report.as_document(), "digest": digest_of(evidence, report).as_document()}


def write_document(document: Mapping[str, Any], folder: Path) -> None:
    """Write qa.json at once or not at all."""
    text = json.dumps(document, indent=1, allow_nan=False)
    unfinished = folder / f".{QA}.{os.getpid()}"
    try:
        with unfinished.open("w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(folder / QA)
    finally:
        unfinished.unlink(missing_ok=True)
