"""What verbs print: tables and progress for people, JSON for machines."""

import json
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

PROGRAM = "teleop-collect"


def own_command(*words: object) -> str:
    """A command of this package that can be pasted into a shell, also where it is not on PATH."""
    started = sys.argv[0]
    if Path(started).name != PROGRAM:
        program = f"{shlex.quote(sys.executable)} -m teleop_collect.cli.main"
    elif _is_on_path(started):
        program = PROGRAM
    else:
        program = shlex.quote(started)
    return " ".join([program, *(shlex.quote(str(word)) for word in words)])


def _is_on_path(program: str) -> bool:
    found = shutil.which(PROGRAM)
    return found is not None and Path(found).resolve() == Path(program).resolve()


def print_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    json.dump(value, sys.stdout, indent=2, sort_keys=False, allow_nan=False)
    print()


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stdout; wide enough not to cut values when piped."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)


def progress() -> Progress:
    """A progress bar on stderr; silent where stderr is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
