"""Small pictures as PNG data URIs, by zlib alone.

Format: https://www.w3.org/TR/png-3/
"""

import base64
import struct
import zlib
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.pages.html import Html

MAX_WIDTH = 160
SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB_8_BIT = (8, 2, 0, 0, 0)
FILTER_UP = 2


def thumbnail(image: NDArray[Any], title: str, max_width: int = MAX_WIDTH) -> Html:
    """An image element.

    Args:
        image: uint8 (height, width, 3) RGB, or (height, width) grey.
        title: shown when pointed at.
        max_width: px; a wider image is thinned out.
    """
    step = max(1, -(-image.shape[1] // max_width))
    small = image[::step, ::step]
    if small.ndim == 2:
        small = np.repeat(small[..., None], 3, axis=2)
    data = base64.b64encode(png(small)).decode()
    label = escape(title, quote=True)
    return Html(f'<img alt="{label}" title="{label}" src="data:image/png;base64,{data}">')


def png(image: NDArray[Any]) -> bytes:
    """A PNG file of uint8 (height, width, 3); rows are stored as differences to the row above."""
    rows = np.ascontiguousarray(image, dtype=np.uint8).reshape(image.shape[0], -1)
    above = np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    filtered = np.hstack([np.full((len(rows), 1), FILTER_UP, np.uint8), rows - above])
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], *RGB_8_BIT)
    return (
        SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)
