"""One row of facts for each episode of a root, without opening its recording; and SQL over them."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from teleop_collect.episodes.files import QA, read_json, read_manifest
from teleop_collect.episodes.labels import read_labels, standing
from teleop_collect.errors import ConfigError, UnreadableError

_ALLOWED = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
_MAX_STEPS = 100_000_000


@dataclass(frozen=True)
class EpisodeRow:
    """What can be said of an episode from its small files.

    Attributes:
        episode_id: name of its folder.
        path: its folder.
        task_id: of the manifest; None where there is none, as for all that follow.
        instruction: as recorded.
        operator: pseudonym.
        rig: name.
        scene_id: which scene.
        started: UTC, ISO 8601.
        duration_s: length.
        success: what counts (see `labels.Standing`).
        person: newest answer of a person.
        predicate: newest answer of the predicates.
        agreement: of both.
        needs_review: whether they differ and nobody has looked since.
        labels: how many there are.
        verdict: of QA.
        problem: why it cannot be read.
    """

    episode_id: str
    path: str
    task_id: str | None = None
    instruction: str | None = None
    operator: str | None = None
    rig: str | None = None
    scene_id: str | None = None
    started: str | None = None
    duration_s: float | None = None
    success: bool | None = None
    person: bool | None = None
    predicate: bool | None = None
    agreement: bool | None = None
    needs_review: bool = False
    labels: int = 0
    verdict: str | None = None
    problem: str | None = None

    @property
    def folder(self) -> Path:
        """The episode's folder."""
        return Path(self.path)


COLUMNS = tuple(field.name for field in fields(EpisodeRow))


def episode_row(folder: Path) -> EpisodeRow:
    """The row of one episode; what is wrong with its files stands in `problem`."""
    row = EpisodeRow(folder.name, str(folder))
    try:
        return _filled(row, folder)
    except UnreadableError as error:
        return EpisodeRow(row.episode_id, row.path, problem=str(error))


def _filled(row: EpisodeRow, folder: Path) -> EpisodeRow:
    manifest, labels = read_manifest(folder), read_labels(folder)
    found = standing(manifest, labels)
    said = {"labels": len(labels), "needs_review": found.needs_review}
    for name in ("success", "person", "predicate", "agreement"):
        said[name] = getattr(found, name)
    verdict = read_json(folder / QA).get("verdict") if (folder / QA).is_file() else None
    values: dict[str, Any] = {**asdict(row), **said, "verdict": _text(verdict)}
    if manifest is None:
        return EpisodeRow(**{**values, "problem": "no manifest.json"})
    task = manifest.get("task")
    task = task if isinstance(task, dict) else {}
    texts = {k: _text(task.get(k)) for k in ("task_id", "instruction", "scene_id")}
    texts |= {k: _text(manifest.get(k)) for k in ("operator", "rig", "started")}
    seconds = manifest.get("duration_s")
    duration_s = float(seconds) if isinstance(seconds, int | float) else None
    return EpisodeRow(**{**values, **texts, "duration_s": duration_s})


def where(rows: Sequence[EpisodeRow], condition: str) -> list[EpisodeRow]:
    """The rows for which an SQL expression over `COLUMNS` is true, in their order.

    The expression is evaluated by SQLite, in memory, and may only read.

    Args:
        rows: to choose from.
        condition: for example `task_id = 'pick_cube' AND needs_review`; true and false are 1 and 0.

    Raises:
        ConfigError: it is no such expression; the message names the columns.
    """
    database = sqlite3.connect(":memory:")
    try:
        _fill(database, rows)
        database.set_authorizer(lambda action, *_: 0 if action in _ALLOWED else 1)
        database.set_progress_handler(lambda: 1, _MAX_STEPS)
        # Only the caller's own expression stands in the text; values of files are bound.
        query = f"SELECT number FROM episodes WHERE ({condition}) ORDER BY number"  # noqa: S608
        return [rows[number] for (number,) in database.execute(query)]
    except (sqlite3.Error, sqlite3.Warning) as error:
        listed = ", ".join(COLUMNS)
        raise ConfigError(f"--where {condition!r}: {error} (columns: {listed})") from None
    finally:
        database.close()


def _fill(database: sqlite3.Connection, rows: Iterable[EpisodeRow]) -> None:
    columns = ", ".join(("number", *COLUMNS))
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    database.execute(f"CREATE TABLE episodes ({columns})")
    values = ((number, *asdict(row).values()) for number, row in enumerate(rows))
    database.executemany(f"INSERT INTO episodes VALUES ({marks})", values)  # noqa: S608


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
