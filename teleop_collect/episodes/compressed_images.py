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
MAX_PIXELS = 1 << 24
PNG_MAGIC, JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
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
    _check_size(bytes(message.data))
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
    _check_size(data)
    cv2 = import_opencv()
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise UnreadableError(f"an image cannot be decoded: {error.err}") from None
    if pixels is None:
        raise UnreadableError("an image cannot be decoded")
    return np.asarray(pixels)


def _check_size(data: bytes) -> None:
    """Refuse an image by the size that its own header declares, before memory is spent on it.

    Raises:
        UnreadableError: it is neither JPEG nor PNG, has no size, or a huge one.
    """
    if data.startswith(PNG_MAGIC) and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
    elif data.startswith(JPEG_MAGIC):
        width, height = _jpeg_size(data)
    else:
        raise UnreadableError("an image is neither JPEG nor PNG")
    if not 0 < width * height <= MAX_PIXELS:
        raise UnreadableError(f"an image of {width} x {height} is over {MAX_PIXELS} pixels")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from the frame header. ITU-T T.81, annex B."""
    at = len(JPEG_MAGIC) - 1
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        is_bare = marker == 0xFF or 0xD0 <= marker <= 0xD8
        at += 1 if marker == 0xFF else 2 if is_bare else 2 + int.from_bytes(data[at + 2 : at + 4])
    raise UnreadableError("an image has no size")


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
