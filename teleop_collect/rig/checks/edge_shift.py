"""How far the edges of a depth image lie from those of its colour image."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from teleop_collect.rig.checks.picture import Picture, gradient, grey

REACH_PX = 8
"""Largest shift that is looked for."""
EDGE_STEP = 0.02
"""Relative step of depth that makes an edge."""
MIN_EDGE_PIXELS = 200
STRONGEST = 0.1
"""Share of colour pixels that count as edges, so that light and texture weigh less."""


class Shift(NamedTuple):
    """Columns and rows that depth must be moved by to lie on colour, px, and how sure it is."""

    columns: int
    rows: int
    peak: float
    """Agreement at this shift over that without a shift; 1 or more."""

    @property
    def size_px(self) -> float:
        """Length of the shift."""
        return float(np.hypot(self.columns, self.rows))


def edge_shift(color: Picture, depth: Picture) -> Shift | None:
    """Where the depth edges agree best with the colour edges.

    Args:
        color: colour image.
        depth: depth image of the same size, mm.

    Returns:
        The best shift; None where depth has too few edges to tell.
    """
    mask = _depth_edges(depth)
    if mask.sum() < MIN_EDGE_PIXELS:
        return None
    strength = gradient(grey(color))
    if not (strength > 0).any():
        return None
    edges = np.minimum(strength, np.quantile(strength[strength > 0], 1 - STRONGEST))
    inner = mask[REACH_PX:-REACH_PX, REACH_PX:-REACH_PX]
    scores = {
        (rows, columns): float(edges[_window(rows), _window(columns)][inner].mean())
        for rows in range(-REACH_PX, REACH_PX + 1)
        for columns in range(-REACH_PX, REACH_PX + 1)
    }
    rows, columns = max(scores, key=lambda shift: scores[shift])
    return Shift(columns, rows, scores[rows, columns] / max(scores[0, 0], 1e-9))


def _window(shift: int) -> slice:
    end = shift - REACH_PX
    return slice(REACH_PX + shift, end if end < 0 else None)


def _depth_edges(depth: Picture) -> NDArray[np.bool_]:
    """Pixels next to a step of depth; steps to pixels without depth do not count."""
    z = depth.pixels.astype(np.float64)
    around = [z[1:-1, :-2], z[1:-1, 2:], z[:-2, 1:-1], z[2:, 1:-1]]
    middle = z[1:-1, 1:-1]
    valid = middle > 0
    steps = np.zeros_like(middle)
    for other in around:
        valid = valid & (other > 0)
        steps = np.maximum(steps, np.abs(other - middle))
    edges: NDArray[np.bool_] = valid & (steps > EDGE_STEP * middle)
    return edges
