"""The ledger of the running episode, as the operator's terminal shows it.

One line of sums each second, or on demand a row for each stream.
"""

from collections.abc import Mapping, Sequence

EPISODE_ROW = "recorder: episode"
PREFIX = "recorder: /"
COLUMNS = ("hz", "received", "lost_transport", "dropped_queue", "gaps", "max_gap_ms")

Statuses = Mapping[str, Mapping[str, str]]
"""What /diagnostics says, by status name: `message` and every value."""


def ledger_line(statuses: Statuses) -> str:
    """Sums over all streams, and which ones are in trouble; "" when no episode is recorded."""
    rows = _rows(statuses)
    if not any("received" in row for row in rows.values()):
        return ""
    sums = [
        f"{word} {_sum(rows, key)}"
        for word, key in (
            ("received", "received"),
            ("lost", "lost_transport"),
            ("dropped", "dropped_queue"),
            ("gaps", "gaps"),
        )
    ]
    trouble = [f"{topic} {row['message']}" for topic, row in rows.items() if row["message"] != "ok"]
    return "  ".join(["recording:", *sums, *(["! " + "; ".join(trouble)] if trouble else [])])


def ledger_table(statuses: Statuses) -> list[str]:
    """A heading and one line for each stream of the rig."""
    rows = _rows(statuses)
    cells: list[tuple[str, ...]] = [("stream", *COLUMNS)]
    cells += [
        (topic, *(_short(row.get(key, "-")) for key in COLUMNS)) for topic, row in rows.items()
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_aligned(row, widths) for row in cells]


def _rows(statuses: Statuses) -> dict[str, Mapping[str, str]]:
    return {
        name.removeprefix("recorder: "): row
        for name, row in statuses.items()
        if name.startswith(PREFIX)
    }


def _sum(rows: Mapping[str, Mapping[str, str]], key: str) -> str:
    """Sum of what is known; what is unknown is never counted as 0."""
    values = [row[key] for row in rows.values() if key in row]
    known = sum(int(value) for value in values if value.isdigit())
    unknown = sum(not value.isdigit() for value in values)
    return f"{known}" + (f" (+ {unknown} unknown)" if unknown else "")


def _short(value: str) -> str:
    try:
        return f"{float(value):.1f}" if "." in value else value
    except ValueError:
        return value


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if number == 0 else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others])
