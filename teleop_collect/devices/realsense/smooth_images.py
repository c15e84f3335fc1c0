"""Smooth synthetic colour and depth: small when compressed, different in every image, exact."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

NEAR_MM = 400
FAR_MM = 1_400


class ImageSource(Protocol):
    """Where an emulated camera's images come from."""

    def image(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Image `number`: colour uint8 (height, width, 3) RGB, depth uint16 (height, width) mm."""
        ...


class SmoothImages:
    """A colour ramp that moves sideways over a tilted plane.

    The colour of pixel (row, column) of image n is `((column + 2 n) mod 256, row mod 256, n mod
    256)`; depth grows from 400 mm at the left to 1400 mm at the right, plus n mod 100 mm.

    Args:
        width: px.
        height: px.
    """

    def __init__(self, width: int, height: int) -> None:
        self._columns = np.arange(width)
        self._color = np.zeros((height, width, 3), np.uint8)
        self._color[:, :, 1] = (np.arange(height) % 256)[:, None]
        ramp = np.linspace(NEAR_MM, FAR_MM, width).round().astype(np.uint16)
        self._depth = np.tile(ramp, (height, 1))

    def image(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        color = self._color.copy()
        color[:, :, 0] = (self._columns + 2 * number) % 256
        color[:, :, 2] = number % 256
        return color, self._depth + np.uint16(number % 100)
