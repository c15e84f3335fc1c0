"""How every bench reports: one table on the terminal, one JSON file in `build/bench/`.

A row is a named set of figures whose names end in their unit (`_hz`, `_ms`, `_percent`). Rows of
other software measured in the same run are peers; a peer that could not run says why.

    report = Report("dynamixel_bus")
    report.row("sync read, 1 Mbps", rate_hz=512.0, p99_ms=2.1)
    report.peer("LeRobot's pattern, 1 Mbps", rate_hz=231.0)
    report.missing_peer("other", "needs a Windows machine")
    report.at_least("share_of_bus_limit_1mbps", value=0.93, goal=0.85)
    raise SystemExit(report.finish())
"""

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"

Figure = float | int | str | None
"""None stands for what could not be observed."""


class Report:
    """Collects the figures of one bench.

    Args:
        name: of the bench; also of the JSON file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.figures: dict[str, dict[str, Figure]] = {}
        self.peers: dict[str, dict[str, Figure]] = {}
        self.goals: dict[str, dict[str, Figure | bool]] = {}

    def row(self, name: str, **figures: Figure) -> None:
        """What this package did."""
        self.figures[name] = figures

    def peer(self, name: str, **figures: Figure) -> None:
        """What other software did in the same run."""
        self.peers[name] = figures

    def missing_peer(self, name: str, why: str) -> None:
        """Other software that cannot run here."""
        self.peers[name] = {"not_run": why}

    def at_least(self, name: str, value: float, goal: float) -> None:
        """A goal that is met from `goal` on."""
        self.goals[name] = {"value": value, "goal": goal, "met": bool(value >= goal)}

    def at_most(self, name: str, value: float, goal: float) -> None:
        """A goal that is met up to `goal`."""
        self.goals[name] = {"value": value, "goal": goal, "met": bool(value <= goal)}

    def finish(self) -> int:
        """Print the table and write the file.

        Returns:
            Exit code: 0 when every goal is met, else 1.
        """
        content = {
            "name": self.name,
            "machine": machine(),
            "figures": self.figures,
            "peers": self.peers,
            "goals": self.goals,
        }
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.name}.json"
        path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")
        self._print()
        return 0 if all(goal["met"] for goal in self.goals.values()) else 1

    def _print(self) -> None:
        console = Console(width=None if sys.stdout.isatty() else 160)
        console.print(_table(self.name, self.figures))
        if self.peers:
            console.print(_table("peers, in the same run", self.peers))
        for name, goal in self.goals.items():
            verdict = "met" if goal["met"] else "NOT MET"
            value, wanted = goal["value"], goal["goal"]
            console.print(f"goal {name}: {_text(value)} (goal {_text(wanted)}): {verdict}")


def machine() -> dict[str, Figure]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_1min": round(os.getloadavg()[0], 2),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _table(title: str, rows: Mapping[str, Mapping[str, Figure]]) -> Table:
    columns = list(dict.fromkeys(column for figures in rows.values() for column in figures))
    table = Table(title=title)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for name, figures in rows.items():
        table.add_row(name, *(_text(figures.get(column, "")) for column in columns))
    return table


def _text(figure: object) -> str:
    if figure is None:
        return "unknown"
    return f"{figure:.4g}" if isinstance(figure, float) else str(figure)
