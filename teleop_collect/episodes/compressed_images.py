"""sensor_msgs/CompressedImage as arrays: what image_transport's plugins and the recorder write."""

import struct
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.episodes import rvl
from teleop_collect.errors import MissingExtraError, UnreadableError
from teleop_collect.samples import FloatArray

DEPTH_HEADER = struct.Struct("<iff")
"""`ConfigHeader` of compressed_depth_image_transport: an enum and two quantisation parameters,
which 16-bit depth does not use."""
LEAST_REDUCED_WIDTH = 40
RVL_SIZE = struct.Struct("<II")
"""Width and height before RVL data."""


def compressed_image_array(topic: str, message: Any) -> NDArray[Any]:
    """A compressed image, decoded.

    Args:
        topic: named in error messages.
        message: the decoded message, with `format` and `data`.

    Returns:
        Colour: uint8 (height, width, 3), RGB. Depth: uint16 (height, width), mm.

    Raises:
        UnreadableError: unknown format, or data that are no such image.
        MissingExtraError: OpenCV is not installed.
    """
    data = bytes(message.data)
    form = str(message.format)
    try:
        if "compressedDepth" in form:
            return _depth(form, data)
        return _color(data)
    except UnreadableError as error:
        raise UnreadableError(f"{topic}: {error} (format {form[:60]!r})") from None


def reduced_grey(topic: str, message: Any) -> FloatArray:
    """A compressed colour image in grey at an eighth of its resolution, which JPEG gets for less.

    Small images come whole.

    Raises:
        UnreadableError: data that are no such image.
        MissingExtraError: OpenCV is not installed.
    """
    cv2 = import_opencv()
    data = np.frombuffer(bytes(message.data), dtype=np.uint8)
    try:
        pixels = cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_8) if data.size else None
        if pixels is not None and pixels.shape[1] < LEAST_REDUCED_WIDTH:
            pixels = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise UnreadableError(f"{topic}: an image cannot be decoded: {error.err}") from None
    if pixels is None:
        raise UnreadableError(f"{topic}: an image cannot be decoded")
    return np.asarray(pixels, dtype=np.float64)


def _depth(form: str, data: bytes) -> NDArray[Any]:
    body = data[DEPTH_HEADER.size :]
    if not form.startswith(("16UC1", "mono16")):
        raise UnreadableError("only 16-bit compressedDepth is read")
    if form.endswith("rvl"):
        if len(body) < RVL_SIZE.size:
            raise UnreadableError("the image has no size")
        width, height = RVL_SIZE.unpack_from(body)
        return rvl.decode(body[RVL_SIZE.size :], height, width)
    pixels = _opened(body)
    if pixels.ndim != 2 or pixels.dtype != np.uint16:
        raise UnreadableError(f"a depth image is {pixels.dtype} {pixels.shape}")
    return pixels


def _color(data: bytes) -> NDArray[Any]:
    pixels = _opened(data)
    if pixels.ndim == 2:
        return pixels
    return pixels[..., 2::-1]


def _opened(data: bytes) -> NDArray[Any]:
    """A JPEG or PNG as OpenCV sees it: BGR, or one channel."""
    cv2 = import_opencv()
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise UnreadableError(f"an image cannot be decoded: {error.err}") from None
    if pixels is None:
        raise UnreadableError("an image cannot be decoded")
    return np.asarray(pixels)


def import_opencv() -> ModuleType:
    """OpenCV.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("cv2", "images") from error
    module: ModuleType = cv2
    return module
