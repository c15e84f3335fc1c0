"""Facts of an image stream, taken while the file is read once.

Every image's bytes are compared with the one before. Pixels are decoded of few: of images spread
over the episode, and of one burst of neighbours at a low resolution.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.episodes.images import image_array, small_grey
from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.errors import UnreadableError
from teleop_collect.qa.motion import MAD_TO_STD
from teleop_collect.rig.checks.picture import brightness, sharpness
from teleop_collect.samples import FloatArray

SAMPLED_IMAGES = 24
"""Images whose pixels are looked at, spread over the episode."""
DETAILED_IMAGES = 8
"""Of those, images whose sharpness, noise and edges are measured."""
BURST_IMAGES = 100
"""Neighbouring images in the middle of the episode whose change is followed."""
SMALL_WIDTH = 160
PIXEL_STRIDE = 4
QUICK_STRIDE = 1009
"""A look at every 1009th byte settles most comparisons; prime, so it hits all columns."""
STAMP_END = 12
"""The encapsulation header and the stamp of a message; equal images differ in nothing else."""
SATURATED = 250

Decode = Callable[[memoryview], Any]


@dataclass(frozen=True)
class PixelFacts:
    """Statistics of one image.

    Attributes:
        position: of the image in its stream.
        mean: of all channels, in the unit of the pixels.
        std: of all channels.
        saturated: share of colour pixels with all channels at 250 or more.
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
        width: of an image, px; 0 when none was decoded.
        sharpness: variance of the Laplacian of some colour images.
        noise: depth images: typical difference between neighbours over the distance, of some.
        small: reduced images (height, about 160) by position, grey values or mm.
        change: mean difference to the image before, grey values, shape (burst,).
        change_from: position of the first image of the burst.
    """

    is_depth: bool
    same_as_before: NDArray[np.bool_]
    pixels: tuple[PixelFacts, ...]
    unreadable: str | None
    width: int = 0
    sharpness: tuple[float, ...] = ()
    noise: tuple[float, ...] = ()
    small: dict[int, FloatArray] = field(default_factory=dict)
    change: FloatArray = field(default_factory=lambda: np.zeros(0))
    change_from: int = 0


class Comparison:
    """Compares each image of a stream with the one before.

    Attributes:
        same: for each image, whether every byte equals the image before.
    """

    def __init__(self) -> None:
        self.same: list[bool] = []
        self._before: tuple[bytes, NDArray[np.uint8]] | None = None

    def take(self, raw: RawMessage) -> None:
        """Take the next image."""
        data = np.frombuffer(raw.data, dtype=np.uint8)[STAMP_END:]
        seen = data[::QUICK_STRIDE].tobytes(), data
        self.same.append(self._before is not None and _equal(self._before, seen))
        self._before = seen


class ImageProbe:
    """Looks at the images of one stream, one after the other.

    Args:
        topic: the stream.
        count: how many images to expect.
        decode: from a serialised message to its fields.
    """

    def __init__(self, topic: str, count: int, decode: Decode) -> None:
        self._topic, self._decode = topic, decode
        self._every = max(1, count // SAMPLED_IMAGES)
        self._each_detail = self._every * max(1, SAMPLED_IMAGES // DETAILED_IMAGES)
        self._burst_from = max(0, (count - BURST_IMAGES) // 2)
        self._compared = Comparison()
        self._pixels: list[PixelFacts] = []
        self._sharpness: list[float] = []
        self._noise: list[float] = []
        self._small: dict[int, FloatArray] = {}
        self._grey: FloatArray | None = None
        self._change: list[float] = []
        self._depth: NDArray[Any] | None = None
        self._is_depth: bool | None = None
        self._width = 0
        self._unreadable: str | None = None

    def see(self, raw: RawMessage) -> None:
        """Take the next image."""
        self._compared.take(raw)
        self.look(len(self._compared.same) - 1, raw)

    def resume(self, compared: Comparison) -> list[int]:
        """Begin behind images that were compared before.

        Args:
            compared: with all images from the first on.

        Returns:
            Positions of those among them to `look` at, in this order.
        """
        self._compared = compared
        begun = range(len(compared.same))
        burst = range(self._burst_from, self._burst_from + BURST_IMAGES)
        # Of depth, the image after a sampled one is looked at for noise.
        sampled = {n for i in begun[:: self._every] for n in (i, i + 1)}
        return sorted(n for n in {*sampled, *burst} if n in begun)

    def look(self, position: int, raw: RawMessage) -> None:
        """Take the pixels of an image, if they are wanted."""
        if self._unreadable is not None:
            return
        try:
            self._look(position, raw.data)
        except UnreadableError as error:
            self._unreadable = str(error)

    def facts(self) -> ImageFacts:
        """Everything seen."""
        return ImageFacts(
            bool(self._is_depth),
            np.array(self._compared.same, dtype=bool),
            tuple(self._pixels),
            self._unreadable,
            self._width,
            tuple(self._sharpness),
            tuple(self._noise),
            self._small,
            np.array(self._change),
            self._burst_from,
        )

    def _look(self, position: int, data: memoryview) -> None:
        # Depth costs more to decode than colour, and its facts vary less.
        is_sampled = position % (self._each_detail if self._is_depth else self._every) == 0
        in_burst = self._burst_from <= position < self._burst_from + BURST_IMAGES
        follows = self._depth is not None
        if not (is_sampled or follows or (in_burst and not self._is_depth)):
            return
        message = self._decode(data)
        if is_sampled or follows:
            self._sample(position, image_array(self._topic, message))
        if in_burst and not self._is_depth:
            self._follow(small_grey(self._topic, message))

    def _sample(self, position: int, image: NDArray[Any]) -> None:
        self._is_depth = image.ndim == 2 and image.dtype.itemsize > 1
        self._width = image.shape[1] if image.size else 0
        if self._depth is not None:
            self._noise += _noise(self._depth, image)
            self._depth = None
        each = self._each_detail if self._is_depth else self._every
        if position % each or image.size == 0:
            return
        self._pixels.append(_statistics(position, image))
        if position % self._each_detail == 0:
            self._detail(position, image)

    def _detail(self, position: int, image: NDArray[Any]) -> None:
        stride = max(1, image.shape[1] // SMALL_WIDTH)
        if self._is_depth:
            # Every second one is followed by its neighbour, for noise.
            self._depth = image if position % (2 * self._each_detail) == 0 else None
            self._small[position] = image[::stride, ::stride].astype(np.float64)
            return
        grey = brightness(image)
        self._small[position] = grey[::stride, ::stride].astype(np.float64)
        if min(grey.shape) > 2:
            self._sharpness.append(sharpness(grey))

    def _follow(self, grey: FloatArray) -> None:
        before = self._grey if self._grey is not None and self._grey.shape == grey.shape else grey
        self._change.append(float(np.abs(grey - before).mean()))
        self._grey = grey


def _statistics(position: int, image: NDArray[Any]) -> PixelFacts:
    pixels = np.ascontiguousarray(image[::PIXEL_STRIDE, ::PIXEL_STRIDE])
    values = pixels.astype(np.float64)
    mean = float(values.mean())
    values -= mean
    values *= values
    return PixelFacts(
        position,
        mean,
        float(np.sqrt(values.mean())),
        _saturated_share(pixels),
        float(np.count_nonzero(pixels) / pixels.size),
    )


def _saturated_share(pixels: NDArray[Any]) -> float:
    if pixels.dtype != np.uint8:
        return 0.0
    bright = pixels >= SATURATED
    # Channel by channel: NumPy takes far longer over many axes of three.
    saturated = reduce(np.logical_and, np.moveaxis(bright, -1, 0)) if pixels.ndim == 3 else bright
    return float(np.count_nonzero(saturated) / saturated.size)


def _noise(before: NDArray[Any], now: NDArray[Any]) -> list[float]:
    """Spread between two neighbours over the distance, by medians; empty without valid pixels.

    Half of the scene's pixels may move without an effect.
    """
    if before.shape != now.shape:
        return []
    a = before[::PIXEL_STRIDE, ::PIXEL_STRIDE].astype(np.float64)
    b = now[::PIXEL_STRIDE, ::PIXEL_STRIDE].astype(np.float64)
    valid = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b)
    if not valid.any():
        return []
    a, b = a[valid], b[valid]
    return [float(MAD_TO_STD * np.median(np.abs(a - b) / a) / np.sqrt(2.0))]


def _equal(before: tuple[bytes, NDArray[np.uint8]], now: tuple[bytes, NDArray[np.uint8]]) -> bool:
    """Whether two images are equal: their bytes at `QUICK_STRIDE`, and only then all of them."""
    return before[0] == now[0] and np.array_equal(before[1], now[1])
