"""Images compressed as image_transport's plugins compress them, so any subscriber can read them.

OpenCV encodes, as in those plugins; it releases the interpreter while it does, so a thread beside
the one that captures can use it.
"""

import struct
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from teleop_collect.errors import DeviceError, MissingExtraError

JPEG_QUALITY = 95
"""Default of compressed_image_transport."""

PNG_LEVEL = 1
"""Fastest; lossless at any level."""

COLOR_FORMAT = "rgb8; jpeg compressed bgr8"
"""What the pixels were, and what is in the JPEG once decoded."""

DEPTH_FORMAT = "16UC1; compressedDepth png"

INVERSE_DEPTH = 0
DEPTH_HEADER = struct.pack("<iff", INVERSE_DEPTH, 0.0, 0.0)
"""`ConfigHeader` of compressed_depth_image_transport: an enum and two quantisation parameters,
which 16-bit depth, stored as it is, does not use."""


@dataclass(frozen=True)
class EncodedImage:
    """The fields `format` and `data` of a sensor_msgs/CompressedImage."""

    format: str
    data: bytes


def jpeg(color: NDArray[np.uint8], quality: int = JPEG_QUALITY) -> EncodedImage:
    """A colour image for the topic `/compressed`.

    Args:
        color: uint8 (height, width, 3), RGB.
        quality: 1 to 100.

    Raises:
        DeviceError: not such an image.
        MissingExtraError: OpenCV is not installed.
    """
    if color.dtype != np.uint8 or color.ndim != 3 or color.shape[2] != 3:
        raise DeviceError(f"a colour image is {color.dtype} {color.shape}, not uint8 (h, w, 3)")
    cv2 = _import_opencv()
    bgr = cv2.cvtColor(color, cv2.COLOR_RGB2BGR)
    return EncodedImage(COLOR_FORMAT, _encoded(cv2, ".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, quality))


def compressed_depth(depth_mm: NDArray[np.uint16], level: int = PNG_LEVEL) -> EncodedImage:
    """A depth image for the topic `/compressedDepth`, without loss.

    Args:
        depth_mm: uint16 (height, width), mm.
        level: of zlib, 0 to 9.

    Raises:
        DeviceError: not such an image.
        MissingExtraError: OpenCV is not installed.
    """
    if depth_mm.dtype != np.uint16 or depth_mm.ndim != 2:
        raise DeviceError(f"a depth image is {depth_mm.dtype} {depth_mm.shape}, not uint16 (h, w)")
    cv2 = _import_opencv()
    png = _encoded(cv2, ".png", depth_mm, cv2.IMWRITE_PNG_COMPRESSION, level)
    return EncodedImage(DEPTH_FORMAT, DEPTH_HEADER + png)


def _encoded(cv2: ModuleType, suffix: str, pixels: object, parameter: int, value: int) -> bytes:
    done, data = cv2.imencode(suffix, pixels, [parameter, value])
    if not done:
        raise DeviceError(f"an image could not be encoded as {suffix}")
    return bytes(data)


def _import_opencv() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("cv2", "images") from error
    module: ModuleType = cv2
    return module
