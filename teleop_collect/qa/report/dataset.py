"""The report over any number of episodes, as one file."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teleop_collect.episodes.files import QA
from teleop_collect.episodes.mapping import LoadedMapping
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import TeleopCollectError
from teleop_collect.pages.html import Html, badge, number, page, table, text
from teleop_collect.qa.dataset.checks import group_reports
from teleop_collect.qa.dataset.digest import Digest, from_document
from teleop_collect.qa.dataset.registry import DATASET_CHECKS
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import QaReport
from teleop_collect.qa.report.comparison import comparison, groups_section
from teleop_collect.qa.report.episode_section import COMPARISON, section
from teleop_collect.qa.run import document_of, report_on, write_document

ORDER = ("fail", "review", "pass")


@dataclass(frozen=True)
class Entry:
    """One episode, checked and drawn; small enough to be sent between processes.

    Attributes:
        path: the episode.
        document: its qa.json.
        facts: task, outcome and duration, for the table of episodes.
        html: its section of the report; empty when no report is wanted.
        unkept: why there is no qa.json beside the episode; None where it was written.
    """

    path: Path
    document: dict[str, Any]
    facts: dict[str, Any]
    html: str
    unkept: str | None = None


def examine(path: Path, *, draw: bool, mapping: LoadedMapping | None = None) -> Entry:
    """Check one episode, keep qa.json beside it, and draw its section.

    Args:
        path: an episode folder or MCAP file.
        draw: make the section of the report.
        mapping: which topic is which stream, for recordings of others.

    Raises:
        UnreadableError: there is no episode that could be checked.
        ConfigError: the mapping does not fit the recording.
    """
    with open_episode(path) as episode:
        evidence = Evidence(episode, mapping)
        report = report_on(evidence)
        document = document_of(evidence, report)
        unkept = _kept(document, episode.folder) if episode.folder is not None else None
        drawn = section(evidence, document) if draw else ""
        return Entry(path, document, _facts(evidence, report), drawn, unkept)


def _kept(document: dict[str, Any], folder: Path) -> str | None:
    """Keep qa.json in an episode's folder; why not, where that cannot be."""
    try:
        write_document(document, folder)
    except OSError as error:
        return f"{folder / QA}: cannot be written: {error.strerror}"
    return None


def write_report(folders: Sequence[Path], out: Path) -> Path:
    """Check episodes and write one self-contained HTML file about them.

    Args:
        folders: episodes.
        out: the file.

    Returns:
        The file.

    Raises:
        UnreadableError: an episode cannot be read.
        OSError: the file cannot be written.
    """
    return write_page([examine(folder, draw=True) for folder in folders], out)


def write_page(
    entries: Sequence[Entry], out: Path, unreadable: Sequence[TeleopCollectError] = ()
) -> Path:
    """Write the HTML file of examined episodes, at once or not at all."""
    verdicts = Counter(str(entry.document["verdict"]) for entry in entries)
    digests = [d for entry in entries if (d := from_document(entry.document)) is not None]
    groups = group_reports(digests, DATASET_CHECKS)
    overall = next((v for v in ORDER if verdicts[v]), "pass")
    counted = ", ".join(f"{verdicts[v]} {v}" for v in ORDER if verdicts[v])
    title = f"{len(entries)} episode{'' if len(entries) == 1 else 's'}: {counted}"
    problems = "".join(f"<p>{badge('fail')} {text(error)}</p>" for error in unreadable)
    body = (
        f"<h1>{badge('fail' if unreadable else overall)} {text(title)}</h1>{problems}"
        f"{_overview(entries)}{groups_section(groups, digests)}"
        f"{''.join(_compared(entry, digests) for entry in entries)}"
    )
    out = out.expanduser()
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        unfinished.write_text(page(f"Quality of {title}", body), encoding="utf-8")
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return out


def _compared(entry: Entry, digests: Sequence[Digest]) -> Html:
    """The section of an episode with its place among the task's others."""
    own = from_document(entry.document)
    return Html(entry.html.replace(COMPARISON, comparison(own, digests) if own else ""))


def _overview(entries: Sequence[Entry]) -> Html:
    rows = []
    for entry in entries:
        identity = text(entry.document["episode_id"])
        worst = next((f["message"] for f in entry.document["findings"]), "")
        rows.append(
            (
                badge(str(entry.document["verdict"])),
                Html(f'<a href="#{identity}">{identity}</a>'),
                entry.facts["task"],
                entry.facts["outcome"],
                number(entry.facts["duration_s"], 1),
                worst,
            )
        )
    return table(("verdict", "episode", "task", "outcome", "s", "first finding"), rows)


def _facts(evidence: Evidence, report: QaReport) -> dict[str, Any]:
    label = evidence.episode.effective_label
    return {
        "task": evidence.episode.manifest_part("task").get("task_id", "unknown"),
        "outcome": {True: "success", False: "failure", None: "unlabelled"}[label],
        "duration_s": report.measure("duration", "covered_s"),
    }
