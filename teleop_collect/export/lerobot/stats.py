"""Statistics by feature, of one episode and of the whole dataset.

Quantiles are true quantiles with linear interpolation, for the dataset as well: a bound or a mean
of the episodes' quantiles is not one. Image statistics are taken per channel from a sample of the
images, scaled to 0..1, of shape (3, 1, 1), and count images, as loaders expect.
"""

import numpy as np
from numpy.typing import NDArray

from teleop_collect.export.steps import FloatArray, RgbImage

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
STAT_NAMES = ("min", "max", "mean", "std", "count", *QUANTILES)

# In ascending order of value: what must hold of any statistics.
ORDERED_STATS = ("min", *QUANTILES, "max")

Stats = dict[str, NDArray[np.float64] | NDArray[np.int64]]

_LEVELS = 256
_MIN_SAMPLED, _MAX_SAMPLED, _SAMPLED_POWER = 100, 10_000, 0.75
_SAMPLED_SIDE_PX, _UNSAMPLED_SIDE_PX = 150, 300


def vector_stats(values: FloatArray) -> Stats:
    """Statistics of each column.

    Args:
        values: shape (steps, n), at least one step.

    Returns:
        Arrays of shape (n,), and "count" of shape (1,).
    """
    result: Stats = {
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
        "count": np.array([len(values)], dtype=np.int64),
    }
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=0)
    return result | dict(zip(QUANTILES, quantiles, strict=True))


def sampled_steps(steps: int) -> NDArray[np.int64]:
    """Which images of an episode its statistics are taken from: steps^0.75, spread evenly."""
    wanted = int(np.clip(int(steps**_SAMPLED_POWER), _MIN_SAMPLED, _MAX_SAMPLED))
    return np.linspace(0, steps - 1, min(wanted, steps)).round().astype(np.int64)


def thinned(image: RgbImage) -> RgbImage:
    """A large image with only every n-th row and column, about 150 px wide."""
    longest = max(image.shape[:2])
    if longest < _UNSAMPLED_SIDE_PX:
        return image
    stride = longest // _SAMPLED_SIDE_PX
    return image[::stride, ::stride]


class ImageHistogram:
    """Counts of pixel values by channel, from which image statistics follow exactly."""

    def __init__(self) -> None:
        self.images = 0
        self._counts = np.zeros((3, _LEVELS), dtype=np.int64)

    def add(self, image: RgbImage) -> None:
        """Count one image's pixels."""
        pixels = thinned(image)
        for channel in range(3):
            self._counts[channel] += np.bincount(pixels[..., channel].ravel(), minlength=_LEVELS)
        self.images += 1

    def merge(self, other: "ImageHistogram") -> None:
        """Count another histogram's images as well."""
        self.images += other.images
        self._counts += other._counts

    def stats(self) -> Stats:
        """Statistics of the images counted so far; at least one."""
        levels = np.arange(_LEVELS) / (_LEVELS - 1)
        shares = self._counts / self._counts.sum(axis=1, keepdims=True)
        mean = shares @ levels
        variance = (shares * (levels - mean[:, None]) ** 2).sum(axis=1)
        values = {
            "min": self._quantile(0.0),
            "max": self._quantile(1.0),
            "mean": mean,
            "std": np.sqrt(variance),
            **{name: self._quantile(q) for name, q in QUANTILES.items()},
        }
        result: Stats = {name: value.reshape(3, 1, 1) for name, value in values.items()}
        result["count"] = np.array([self.images], dtype=np.int64)
        return result

    def _quantile(self, q: float) -> FloatArray:
        """Quantile with linear interpolation between neighbouring pixels, per channel."""
        cumulative = self._counts.cumsum(axis=1)
        position = (cumulative[:, -1] - 1) * q
        below, above = np.floor(position), np.ceil(position)
        result = np.empty(3)
        for channel in range(3):
            low, high = np.searchsorted(
                cumulative[channel], [below[channel], above[channel]], side="right"
            )
            share = position[channel] - below[channel]
            result[channel] = (low + (high - low) * share) / (_LEVELS - 1)
        return result
