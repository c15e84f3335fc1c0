"""Compresses raw images on their way into the file, as the rig file asks; in the writing thread.

Colour becomes JPEG, depth stays without loss (PNG or RVL), both in the form of image_transport's
plugins, so whatever reads their topics reads the file. Everything else of a message (stamp,
frame, times, numbers) stays as it was. OpenCV and NumPy release the interpreter while they work.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect.episodes import rvl
from teleop_collect.episodes.compressed_images import DEPTH_HEADER, RVL_SIZE, import_opencv
from teleop_collect.errors import UnreadableError
from teleop_collect.topics import ImageCodec, Stream

Encode = Callable[[bytes], bytes]
"""From the CDR bytes of an Image to those of a CompressedImage."""

PNG_LEVEL = 1
_U32 = struct.Struct("<I")
_LITTLE_ENDIAN = b"\x00\x01"
# Encapsulation and stamp stand before the length of frame_id.
_FRAME_AT = 12
_COLORS = {"rgb8": "COLOR_RGB2BGR", "bgr8": None, "mono8": None}


@dataclass(frozen=True)
class RawImage:
    """A sensor_msgs/Image in its CDR bytes.

    Attributes:
        header: encapsulation, stamp and frame_id.
        encoding: of the pixels.
        pixels: a view, (height, width) or (height, width, channels).
    """

    header: bytes
    encoding: str
    pixels: NDArray[Any]


def encoders_of(streams: Iterable[Stream]) -> dict[int, Encode]:
    """What compresses the streams that have a codec, by their number.

    Raises:
        MissingExtraError: OpenCV is needed and not installed.
    """
    return {n: encoder(s.codec) for n, s in enumerate(streams) if s.codec is not None}


def encoder(codec: ImageCodec) -> Encode:
    """What compresses the messages of one stream.

    Raises:
        MissingExtraError: OpenCV is needed and not installed.
    """
    cv2: Any = None if codec.format == "rvl" else import_opencv()

    def encode(data: bytes) -> bytes:
        image = raw_image(data)
        if codec.format == "jpeg":
            form, body = _jpeg(cv2, image, codec.quality)
        else:
            form, body = _depth(cv2, image, codec.format)
        return compressed_message(image.header, form, body)

    return encode


def raw_image(data: bytes) -> RawImage:
    """Read an Image without copying its pixels.

    Raises:
        UnreadableError: it is none, or of an encoding that is not compressed.
    """
    try:
        return _raw_image(data)
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        raise UnreadableError(f"an image message is malformed: {error}") from None


def _raw_image(data: bytes) -> RawImage:
    if data[:2] != _LITTLE_ENDIAN:
        raise UnreadableError("an image message is not little-endian CDR")
    frame_end = _FRAME_AT + 4 + _U32.unpack_from(data, _FRAME_AT)[0]
    at = _aligned(frame_end)
    height, width, length = struct.unpack_from("<III", data, at)
    encoding = data[at + 12 : at + 12 + length - 1].decode("ascii")
    big_endian_at = at + 12 + length
    at = _aligned(big_endian_at + 1)
    step, size = struct.unpack_from("<II", data, at)
    known = {"rgb8": ("u1", 3), "bgr8": ("u1", 3), "mono8": ("u1", 1), "16UC1": ("u2", 1)}
    if encoding not in known:
        raise UnreadableError(f"images of encoding {encoding[:20]!r} are not compressed")
    kind, channels = known[encoding]
    dtype = np.dtype(kind).newbyteorder(">" if data[big_endian_at] else "<")
    if (
        size < step * height
        or len(data) < at + 8 + size
        or step < width * channels * dtype.itemsize
    ):
        raise UnreadableError(f"an image of {width} x {height} does not fit its {size} bytes")
    strides = (step, channels * dtype.itemsize, dtype.itemsize)
    pixels: NDArray[Any] = np.ndarray((height, width, channels), dtype, data, at + 8, strides)
    return RawImage(data[:frame_end], encoding, pixels[..., 0] if channels == 1 else pixels)


def compressed_message(header: bytes, form: str, body: bytes) -> bytes:
    """CDR bytes of a CompressedImage."""
    text = form.encode() + b"\0"
    start = _padded(header) + _U32.pack(len(text)) + text
    return b"".join((_padded(start), _U32.pack(len(body)), body))


def _jpeg(cv2: Any, image: RawImage, quality: int) -> tuple[str, bytes]:
    if image.encoding not in _COLORS:
        raise UnreadableError(f"images of encoding {image.encoding} cannot become JPEG")
    conversion = _COLORS[image.encoding]
    pixels = cv2.cvtColor(image.pixels, getattr(cv2, conversion)) if conversion else image.pixels
    target = "mono8" if image.encoding == "mono8" else "bgr8"
    body = _encoded(cv2, ".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return f"{image.encoding}; jpeg compressed {target}", body


def _depth(cv2: Any, image: RawImage, form: str) -> tuple[str, bytes]:
    if image.encoding != "16UC1":
        raise UnreadableError(f"images of encoding {image.encoding} are no 16-bit depth")
    depth = np.ascontiguousarray(image.pixels, dtype="<u2")
    head = DEPTH_HEADER.pack(0, 0.0, 0.0)
    if form == "rvl":
        height, width = depth.shape
        return "16UC1; compressedDepth rvl", head + RVL_SIZE.pack(width, height) + rvl.encode(depth)
    png = _encoded(cv2, ".png", depth, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    return "16UC1; compressedDepth png", head + png


def _encoded(cv2: Any, suffix: str, pixels: NDArray[Any], settings: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, np.ascontiguousarray(pixels), settings)
    if not done:
        raise UnreadableError(f"an image could not be encoded as {suffix}")
    return bytes(data)


def _aligned(offset: int) -> int:
    """The next multiple of four, counted from after the encapsulation."""
    return offset + (-(offset - 4) % 4)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-(len(data) - 4) % 4)
