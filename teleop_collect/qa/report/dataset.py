"""The report over any number of episodes: one file, or one that links to a file for each."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
from teleop_collect.qa.report.comparison import Link, comparison, groups_section
from teleop_collect.qa.report.episode_section import COMPARISON, section
from teleop_collect.qa.report.siblings import sibling_digests
from teleop_collect.qa.run import document_of, report_on, write_document

ORDER = ("fail", "review", "pass")
MAX_INLINED = 50
"""Episodes in one file: 15 MB."""


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
    """Write the HTML file of examined episodes, at once or not at all.

    Over fifty episodes get a file each in a folder beside it, which the first one links to.
    """
    out = out.expanduser()
    own = [d for entry in entries if (d := from_document(entry.document)) is not None]
    digests = [*own, *sibling_digests([entry.path for entry in entries])]
    sections = [_compared(entry, digests) for entry in entries]
    names = [str(entry.document["episode_id"]) for entry in entries]
    link: Link = _anchor
    if len(entries) > MAX_INLINED:
        link = _write_sections(names, sections, out)
        sections = []
    title = _title(entries)
    problems = "".join(f"<p>{badge('fail')} {text(error)}</p>" for error in unreadable)
    groups = group_reports(own, DATASET_CHECKS)
    body = (
        f"<h1>{badge('fail' if unreadable else _worst(entries))} {text(title)}</h1>{problems}"
        f"{_overview(entries, link)}{groups_section(groups, own, link)}{''.join(sections)}"
    )
    write_whole(out, page(f"Quality of {title}", body))
    return out


def _write_sections(names: Sequence[str], sections: Sequence[Html], out: Path) -> Link:
    """A file for each episode; returns how to link to it. Names in files are no names of files."""
    folder = out.with_name(f"{out.stem}.episodes")
    folder.mkdir(exist_ok=True)
    files = {name: f"{number:06}.html" for number, name in enumerate(names)}
    for name, section_of_it in zip(names, sections, strict=True):
        write_whole(folder / files[name], page(f"Quality of {name}", section_of_it))
    return lambda name: Html(
        f'<a href="{text(quote(folder.name))}/{files[name]}">{text(name)}</a>'
        if name in files
        else text(name)
    )


def _anchor(name: str) -> Html:
    return Html(f'<a href="#{text(name)}">{text(name)}</a>')


def write_whole(out: Path, document: str) -> None:
    """Write a text file at once or not at all."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        unfinished.write_text(document, encoding="utf-8")
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def _title(entries: Sequence[Entry]) -> str:
    verdicts = Counter(str(entry.document["verdict"]) for entry in entries)
    counted = ", ".join(f"{verdicts[v]} {v}" for v in ORDER if verdicts[v])
    return f"{len(entries)} episode{'' if len(entries) == 1 else 's'}: {counted}"


def _worst(entries: Sequence[Entry]) -> str:
    verdicts = {entry.document["verdict"] for entry in entries}
    return next((v for v in ORDER if v in verdicts), "pass")


def _compared(entry: Entry, digests: Sequence[Digest]) -> Html:
    """The section of an episode with its place among the task's others."""
    own = from_document(entry.document)
    return Html(entry.html.replace(COMPARISON, comparison(own, digests) if own else ""))


def _overview(entries: Sequence[Entry], link: Link) -> Html:
    rows = []
    for entry in entries:
        worst = next((f["message"] for f in entry.document["findings"]), "")
        rows.append(
            (
                badge(str(entry.document["verdict"])),
                link(str(entry.document["episode_id"])),
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
