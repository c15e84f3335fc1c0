"""One image as the checks see it, and what can be measured in it without any library but NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.samples import FloatArray

LUMA = (0.299, 0.587, 0.114)
"""Rec. ITU-R BT.601: grey of R, G and B."""
DARK, BRIGHT = 5, 250
"""Grey values at and beyond which a pixel carries no picture."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One image.

    Attributes:
        stamp_ns: its header stamp, UTC ns.
        encoding: as published, such as `rgb8` or `16UC1`; a compressed image's format.
        pixels: uint8 (height, width, 3) RGB or (height, width); depth uint16 (height, width), mm.
    """

    stamp_ns: int
    encoding: str
    pixels: NDArray[Any]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])


def grey(picture: Picture) -> FloatArray:
    """Brightness, 0 to 255, shape (height, width)."""
    return brightness(picture.pixels).astype(np.float64)


def brightness(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Brightness of each pixel, in the unit of the pixels, shape (height, width).

    Args:
        pixels: of an image of one, three or four channels.
    """
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    # Not as a matrix product: the threads of BLAS cost more processor time than they save.
    red, green, blue = (np.float32(weight) for weight in LUMA)
    luma: NDArray[np.float32] = pixels[..., 0] * red
    luma += pixels[..., 1] * green
    luma += pixels[..., 2] * blue
    return luma


def sharpness(image: NDArray[np.floating]) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000): falls as an image blurs."""
    laplacian = image[:-2, 1:-1] + image[2:, 1:-1]
    laplacian += image[1:-1, :-2]
    laplacian += image[1:-1, 2:]
    laplacian -= 4 * image[1:-1, 1:-1]
    return float(np.var(laplacian))


def clipped_share(image: FloatArray) -> float:
    """Share of pixels that are black or white."""
    return float(np.mean((image <= DARK) | (image >= BRIGHT)))


def gradient(image: FloatArray) -> FloatArray:
    """Magnitude of the central differences, shape (height - 2, width - 2)."""
    dx = image[1:-1, 2:] - image[1:-1, :-2]
    dy = image[2:, 1:-1] - image[:-2, 1:-1]
    magnitude: FloatArray = np.sqrt(dx * dx + dy * dy) / 2
    return magnitude
