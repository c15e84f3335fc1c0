"""Plots as inline SVG: lines over time, and strips that show when a stream was there."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from teleop_collect.pages.html import Html, drawing
from teleop_collect.samples import FloatArray

WIDTH, HEIGHT, MARGIN = 340, 120, 6
BINS = 160
STRIP_HEIGHT, STRIP_LABEL, STRIP_WIDTH = 14, 330, 1060


@dataclass(frozen=True)
class Line:
    """One curve: times in s and values, both shape (N,)."""

    label: str
    color: str
    t_s: FloatArray
    values: FloatArray


@dataclass(frozen=True)
class Strip:
    """One row: a bar over the episode with marked stretches (start, end) in s."""

    label: str
    color: str
    marks: Sequence[tuple[float, float]]


def plot(title: str, unit: str, lines: Sequence[Line]) -> Html:
    """Curves over one time axis; extremes of every stretch are kept when points are left out."""
    drawn = [line for line in lines if np.isfinite(line.values).any()]
    if not drawn:
        return Html("")
    t = np.concatenate([line.t_s for line in drawn])
    v = np.concatenate([line.values for line in drawn])
    v = v[np.isfinite(v)]
    low, high, start, end = float(v.min()), float(v.max()), float(t.min()), float(t.max())
    curves = "".join(_curve(line, start, end, low, high) for line in drawn)
    caption = ", ".join(
        f'<span style="color:{line.color}">{escape(line.label)}</span>' for line in drawn
    )
    return Html(
        f"<figure><figcaption>{escape(title)} ({escape(unit)}, {low:.3g} to {high:.3g}): {caption}"
        f"</figcaption>{drawing(WIDTH, HEIGHT, curves)}</figure>"
    )


def strips(rows: Sequence[Strip], duration_s: float) -> Html:
    """Rows over one time axis from 0 to `duration_s`."""
    scale = (STRIP_WIDTH - STRIP_LABEL) / max(duration_s, 1e-9)
    parts = []
    for number, row in enumerate(rows):
        y = number * STRIP_HEIGHT
        parts.append(f'<text x="2" y="{y + 11}" font-size="10">{escape(row.label)}</text>')
        width = STRIP_WIDTH - STRIP_LABEL
        parts.append(_bar(STRIP_LABEL, y, width, "#cfe3d4"))
        parts += [
            _bar(STRIP_LABEL + begin, y, end - begin, row.color)
            for begin, end in _seen(row.marks, scale, width)
        ]
    return drawing(STRIP_WIDTH, len(rows) * STRIP_HEIGHT, "".join(parts))


def _seen(
    marks: Sequence[tuple[float, float]], scale: float, width: float
) -> list[tuple[float, float]]:
    """Marks in px, each at least one wide; those that nobody could tell apart are one."""
    merged: list[tuple[float, float]] = []
    for begin_s, end_s in sorted(marks):
        begin = min(max(begin_s, 0.0) * scale, width - 1.0)
        end = min(max(end_s * scale, begin + 1.0), width)
        if merged and begin - merged[-1][1] < 0.5:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def thinned(t_s: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """At most two points for each of 160 stretches: the lowest and the highest, in time order."""
    good = np.isfinite(values)
    t_s, values = t_s[good], values[good]
    if len(values) <= 2 * BINS:
        return t_s, values
    kept: list[int] = []
    for piece in np.array_split(np.arange(len(values)), BINS):
        ends = piece[np.argmin(values[piece])], piece[np.argmax(values[piece])]
        kept += sorted({int(i) for i in ends})
    return t_s[kept], values[kept]


def _curve(line: Line, start: float, end: float, low: float, high: float) -> str:
    t_s, values = thinned(line.t_s, line.values)
    x = MARGIN + (t_s - start) / max(end - start, 1e-9) * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - (values - low) / max(high - low, 1e-9) * (HEIGHT - 2 * MARGIN)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline fill="none" stroke="{line.color}" points="{points}"/>'


def _bar(x: float, y: float, width: float, color: str) -> str:
    height = STRIP_HEIGHT - 3
    return f'<rect x="{x:.1f}" y="{y + 1}" width="{width:.1f}" height="{height}" fill="{color}"/>'
