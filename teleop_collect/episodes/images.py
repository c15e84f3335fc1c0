"""Image messages as arrays, without copying where they are not compressed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect import topics
from teleop_collect.episodes.compressed_images import compressed_image_array, reduced_grey
from teleop_collect.errors import UnreadableError
from teleop_collect.samples import FloatArray

ImageArray = NDArray[Any]
SMALL_WIDTH = 80

IMAGE_TYPES = frozenset({topics.IMAGE, topics.COMPRESSED_IMAGE})

# Encoding -> (item type, channels, channel order as RGB or None), sensor_msgs/image_encodings.hpp
ENCODINGS: dict[str, tuple[str, int, slice | None]] = {
    "rgb8": ("u1", 3, None),
    "bgr8": ("u1", 3, slice(None, None, -1)),
    "rgba8": ("u1", 4, slice(0, 3)),
    "bgra8": ("u1", 4, slice(2, None, -1)),
    "mono8": ("u1", 1, None),
    "8UC1": ("u1", 1, None),
    "8UC3": ("u1", 3, None),
    "mono16": ("u2", 1, None),
    "16UC1": ("u2", 1, None),
    "32FC1": ("f4", 1, None),
}


def image_array(topic: str, message: Any) -> ImageArray:
    """A sensor_msgs/Image as a view of its bytes, or a CompressedImage decoded.

    Args:
        topic: named in error messages.
        message: the decoded message.

    Returns:
        Colour: uint8 (height, width, 3) in RGB order whatever the encoding; depth and mono:
        (height, width) in the unit of the encoding (16UC1: mm, 32FC1: m; REP 118).

    Raises:
        UnreadableError: unknown encoding, or sizes that do not fit the data.
        MissingExtraError: it is compressed and OpenCV is not installed.
    """
    if hasattr(message, "format"):
        return compressed_image_array(topic, message)
    if message.encoding not in ENCODINGS:
        known = ", ".join(ENCODINGS)
        raise UnreadableError(
            f"{topic}: image encoding {message.encoding[:40]!r} is not read; known are {known}"
        )
    item, channels, order = ENCODINGS[message.encoding]
    dtype = np.dtype(item).newbyteorder(">" if message.is_bigendian else "<")
    height, width, step = int(message.height), int(message.width), int(message.step)
    row_bytes = width * channels * dtype.itemsize
    if step < row_bytes or step * height > len(message.data):
        raise UnreadableError(
            f"{topic}: an image of {width} x {height} {message.encoding} with {step} bytes a row "
            f"does not fit its {len(message.data)} bytes of data"
        )
    strides = (step, channels * dtype.itemsize, dtype.itemsize)
    pixels: ImageArray = np.ndarray((height, width, channels), dtype, message.data, 0, strides)
    if order is not None:
        return pixels[..., order]
    return pixels[..., 0] if channels == 1 else pixels


def small_grey(topic: str, message: Any) -> FloatArray:
    """A colour image in grey, about 80 px wide, for comparisons; cheap to get.

    Args:
        topic: named in error messages.
        message: the decoded message.

    Returns:
        Shape (height, width), of every n-th row and column.

    Raises:
        UnreadableError: unknown encoding, or data that are no such image.
        MissingExtraError: it is compressed and OpenCV is not installed.
    """
    if hasattr(message, "format"):
        return reduced_grey(topic, message)
    image = image_array(topic, message)
    stride = max(1, image.shape[1] // SMALL_WIDTH)
    small = image[::stride, ::stride].astype(np.float64)
    return small if small.ndim == 2 else small.mean(axis=2)
