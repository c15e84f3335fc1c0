"""Images as the bytes that cross the middleware, made without message objects.

An image message would be copied on its way into the message, on its way out of Python and once
more into bytes. Here the pixels are copied once, behind a head that only its stamp changes.
"""

import struct
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.clock import NS_PER_S
from teleop_collect.nodes.cdr_layout import CACHED, LITTLE_ENDIAN, Layout, MessageLayout

STAMP = struct.Struct("<iI")


@lru_cache(CACHED)
def image_head(frame_id: str, encoding: str, height: int, step: int, width: int) -> MessageLayout:
    """sensor_msgs/Image up to its pixels."""
    layout = Layout(frame_id).count(height).count(width).text(encoding)
    is_bigendian = b"\0"
    return layout.fixed(is_bigendian).count(step).count(height * step).done()


def image_cdr(stamp_ns: int, frame_id: str, encoding: str, pixels: NDArray[Any]) -> bytes:
    """An image as sensor_msgs/Image.

    Args:
        stamp_ns: of the exposure, UTC ns.
        frame_id: of the camera's optical frame.
        encoding: as sensor_msgs names it.
        pixels: little endian, shape (height, width) or (height, width, channels).
    """
    height, width = pixels.shape[:2]
    head = image_head(frame_id, encoding, height, pixels.nbytes // height, width)
    return b"".join((head.pack(stamp_ns), np.ascontiguousarray(pixels).data))


def restamped(message: bytes, stamp_ns: int) -> bytes:
    """The same message with another stamp; it begins with a header."""
    stamp = STAMP.pack(*divmod(stamp_ns, NS_PER_S))
    return LITTLE_ENDIAN + stamp + message[len(LITTLE_ENDIAN) + STAMP.size :]
