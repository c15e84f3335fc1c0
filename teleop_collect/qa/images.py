"""Facts of an image stream, taken while the file is read once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.episodes.images import image_array
from teleop_collect.errors import UnreadableError

SAMPLED_IMAGES = 24
"""Images whose pixels are looked at, spread over the episode."""
PIXEL_STRIDE = 4
QUICK_STRIDE = 1009
"""A look at every 1009th byte settles most comparisons; prime, so it hits all columns."""
SATURATED = 250


@dataclass(frozen=True)
class PixelFacts:
    """Statistics of one image.

    Attributes:
        position: of the image in its stream.
        mean: of all channels, in the unit of the pixels.
        std: of all channels.
        saturated: share of colour pixels with a channel at 250 or more.
        filled: share of pixels that are not zero.
    """

    position: int
    mean: float
    std: float
    saturated: float
    filled: float


@dataclass(frozen=True)
class ImageFacts:
    """What was seen of one image stream.

    Attributes:
        is_depth: one channel of distances.
        same_as_before: for each image, whether every byte equals the image before, shape (N,).
        pixels: statistics of some images.
        unreadable: why images could not be looked at; None when they could.
    """

    is_depth: bool
    same_as_before: NDArray[np.bool_]
    pixels: tuple[PixelFacts, ...]
    unreadable: str | None


class ImageProbe:
    """Looks at the images of one stream, one after the other.

    Args:
        topic: the stream.
        count: how many images to expect.
    """

    def __init__(self, topic: str, count: int) -> None:
        self._topic = topic
        self._every = max(1, count // SAMPLED_IMAGES)
        self._previous: NDArray[np.uint8] | None = None
        self._same: list[bool] = []
        self._pixels: list[PixelFacts] = []
        self._is_depth = False
        self._unreadable: str | None = None

    def see(self, message: Any) -> None:
        """Take the next image."""
        data: NDArray[np.uint8] = message.data
        self._same.append(self._previous is not None and _equal(self._previous, data))
        self._previous = data
        position = len(self._same) - 1
        if position % self._every == 0 and self._unreadable is None:
            try:
                self._look(position, image_array(self._topic, message))
            except UnreadableError as error:
                self._unreadable = str(error)

    def facts(self) -> ImageFacts:
        """Everything seen."""
        same = np.array(self._same, dtype=bool)
        return ImageFacts(self._is_depth, same, tuple(self._pixels), self._unreadable)

    def _look(self, position: int, image: NDArray[Any]) -> None:
        self._is_depth = image.ndim == 2 and image.dtype.itemsize > 1
        pixels = image[::PIXEL_STRIDE, ::PIXEL_STRIDE]
        if pixels.size == 0:
            return
        bright = pixels >= SATURATED if pixels.dtype == np.uint8 else np.zeros(1, dtype=bool)
        saturated = bright.any(axis=-1) if pixels.ndim == 3 else bright
        self._pixels.append(
            PixelFacts(
                position,
                float(pixels.mean()),
                float(pixels.std()),
                float(saturated.mean()),
                float(np.count_nonzero(pixels) / pixels.size),
            )
        )


def _equal(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> bool:
    if before.shape != now.shape or (before[::QUICK_STRIDE] != now[::QUICK_STRIDE]).any():
        return False
    return bool(np.array_equal(before, now))
