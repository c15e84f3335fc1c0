"""Bars and histograms as inline SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from teleop_collect.pages.html import Html, drawing
from teleop_collect.samples import FloatArray

WIDTH, HEIGHT, LABEL = 520, 18, 170
HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT, BINS = 250, 60, 40


@dataclass(frozen=True)
class Mark:
    """A position on a bar."""

    value: float
    color: str
    title: str


def limit_bar(label: str, lower: float, upper: float, marks: Sequence[Mark]) -> Html:
    """A range with positions on it; marks beyond its ends are drawn at the border."""
    room = WIDTH - LABEL - 10
    span = max(upper - lower, 1e-9)
    parts = [
        f'<text x="2" y="13" font-size="11">{escape(label)}</text>',
        f'<rect x="{LABEL}" y="5" width="{room}" height="8" fill="#d8e2ea"/>',
    ]
    for mark in marks:
        share = min(max((mark.value - lower) / span, -0.01), 1.01)
        x = LABEL + share * room
        parts.append(
            f'<rect x="{x - 1.5:.1f}" y="2" width="3" height="14" fill="{mark.color}">'
            f"<title>{escape(mark.title)}</title></rect>"
        )
    return Html(f"<div>{drawing(WIDTH, HEIGHT, ''.join(parts))}</div>")


def histogram(title: str, unit: str, values: FloatArray, expected: float | None) -> Html:
    """How often values fall into each of 40 bins; the expected value is marked.

    Args:
        title: above the plot.
        unit: of the values.
        values: shape (N,); an empty array gives nothing.
        expected: marked in red when it is in range; None without.
    """
    if not len(values):
        return Html("")
    low, high = float(values.min()), float(values.max())
    if expected is not None:
        low, high = min(low, expected), max(high, expected)
    counts, edges = np.histogram(values, bins=BINS, range=(low, high if high > low else low + 1e-9))
    scale_x = HISTOGRAM_WIDTH / max(edges[-1] - edges[0], 1e-12)
    tall = HISTOGRAM_HEIGHT / max(int(counts.max()), 1)
    width = HISTOGRAM_WIDTH / BINS
    parts = [
        f'<rect x="{i * width:.1f}" y="{HISTOGRAM_HEIGHT - count * tall:.1f}" '
        f'width="{width:.1f}" height="{count * tall:.1f}" fill="#4a7fa5"/>'
        for i, count in enumerate(counts.tolist())
        if count
    ]
    if expected is not None:
        x = (expected - edges[0]) * scale_x
        parts.append(
            f'<rect x="{x:.1f}" y="0" width="1" height="{HISTOGRAM_HEIGHT}" fill="#b3261e"/>'
        )
    caption = f"{escape(title)} ({escape(unit)}, {low:.3g} to {high:.3g})"
    drawn = drawing(HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT, "".join(parts))
    return Html(f"<figure><figcaption>{caption}</figcaption>{drawn}</figure>")
