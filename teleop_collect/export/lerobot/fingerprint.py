"""A few bytes that say roughly what an image looks like, kept to prove later which one it was."""

import numpy as np

from teleop_collect.export.steps import RgbImage

GRID = 4

# Block averages survive lossy coding within a few levels; another scene differs by more.
TOLERANCE_LEVELS = 12.0


def fingerprint(image: RgbImage) -> bytes:
    """Average colour of each cell of a 4 x 4 grid: 48 bytes."""
    rows = np.array_split(np.arange(image.shape[0]), GRID)
    columns = np.array_split(np.arange(image.shape[1]), GRID)
    cells = [
        image[r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean(axis=(0, 1)) for r in rows for c in columns
    ]
    return np.rint(cells).astype(np.uint8).tobytes()


def distance_levels(a: bytes, b: bytes) -> float:
    """Largest difference of two fingerprints, levels of 0..255."""
    left, right = (np.frombuffer(x, dtype=np.uint8).astype(int) for x in (a, b))
    return float(np.abs(left - right).max())
