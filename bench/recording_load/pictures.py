"""Camera images of a load, by number alone: a lit table, a square that moves, sensor noise.

Needs numpy only, so a recorder in another environment can be given the same images.
"""

import numpy as np

NOISE = 2.0
"""Standard deviation, grey levels or millimetres."""


def picture(kind: str, width: int, height: int, variant: int, of: int) -> bytes:
    """Pixels of one image, row by row.

    Args:
        kind: `color` (rgb8) or `depth` (16UC1, mm).
        width: pixels.
        height: pixels.
        variant: which of them.
        of: how many there are before they repeat.
    """
    random = np.random.default_rng(variant)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    left, size = int(width * (0.1 + 0.6 * variant / of)), height // 4
    square = (x >= left) & (x < left + size) & (y >= size) & (y < 2 * size)
    if kind == "depth":
        depth = np.where(square, 620.0, 700.0 + y * 0.3)
        return _noisy(depth, random, np.uint16)
    light = (60 + 140 * x / width) * (0.7 + 0.3 * y / height)
    pixels = np.where(square[..., None], (210.0, 40.0, 40.0), light[..., None])
    return _noisy(pixels, random, np.uint8)


def _noisy(values: np.ndarray, random: np.random.Generator, dtype: type) -> bytes:
    noise = random.normal(0.0, NOISE, values.shape)
    return np.clip(values + noise, 0, np.iinfo(dtype).max).astype(dtype).tobytes()
