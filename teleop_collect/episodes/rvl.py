"""RVL: lossless compression of 16-bit depth images.

Wilson, "Fast Lossless Depth Image Compression", ISS 2017; in the byte order of
compressed_depth_image_transport. Runs of zeros and of valid pixels alternate; valid pixels are
differences, zigzag coded; every number is written in groups of three bits, lowest first, each in a
nibble whose high bit says that more follow; eight nibbles make a little-endian 32-bit word, first
nibble highest. Whole arrays are coded at once: a loop over pixels is far too slow in Python.
"""

import numpy as np
from numpy.typing import NDArray

from teleop_collect.errors import UnreadableError

DepthImage = NDArray[np.uint16]
# A difference of 16-bit values takes 17 bits once zigzag coded; a run is below 2**24 pixels.
_MAX_NIBBLES = 9
_MAX_PIXELS = 1 << 24


def encode(depth: DepthImage) -> bytes:
    """Compress an image of shape (height, width); its size is not part of the result."""
    flat = depth.reshape(-1)
    values = _values(flat)
    lengths = np.ones(len(values), dtype=np.int64)
    limit = 8
    while limit <= int(values.max(initial=0)):
        lengths += values >= limit
        limit *= 8
    ends = np.cumsum(lengths)
    starts = ends - lengths
    total = int(ends[-1]) if len(ends) else 0
    nibbles = np.zeros(-(-total // 8) * 8, dtype=np.uint8)
    longest = int(lengths.max(initial=0))
    for place in range(longest):
        chosen = np.flatnonzero(lengths > place) if place else slice(None)
        more = np.where(lengths[chosen] > place + 1, 8, 0)
        nibbles[starts[chosen] + place] = (values[chosen] >> (3 * place)) & 7 | more
    words = nibbles.reshape(-1, 8)[:, ::-1]
    return bytes(np.bitwise_or(words[:, 0::2], words[:, 1::2] << 4))


def _values(flat: NDArray[np.uint16]) -> NDArray[np.int64]:
    """The numbers of an image in the order in which they are written."""
    if not len(flat):
        return np.zeros(0, dtype=np.int64)
    valid = flat != 0
    edges = np.flatnonzero(valid[1:] != valid[:-1]) + 1
    if valid[0]:
        edges = np.concatenate(([0], edges))
    bounds = np.concatenate(([0], edges, [len(flat)]))
    runs = np.diff(bounds)
    if len(runs) % 2:
        runs = np.append(runs, 0)
    pixels = flat[valid].astype(np.int64)
    differences = np.diff(pixels, prepend=0)
    coded = (differences << 1) ^ (differences >> 63)
    # Each pair of runs stands before the pixels of its second one.
    before = np.cumsum(runs[1::2]) - runs[1::2]
    return np.insert(coded, np.repeat(before, 2), runs)


def decode(data: bytes | memoryview, height: int, width: int) -> DepthImage:
    """The image of that size.

    Raises:
        UnreadableError: the data do not hold one.
    """
    count = height * width
    if not 0 < count <= _MAX_PIXELS or len(data) % 4:
        raise UnreadableError(f"an RVL image of {width} x {height} cannot be in {len(data)} bytes")
    values = _numbers(np.frombuffer(data, dtype=np.uint8))
    heads = _run_heads(values, count)
    runs = values[np.stack((heads, heads + 1), axis=-1)].reshape(-1)
    is_valid = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    is_pixel = np.ones(len(values), dtype=bool)
    is_pixel[heads] = is_pixel[heads + 1] = False
    coded = values[is_pixel][: int(is_valid.sum())]
    flat = np.zeros(count, dtype=np.uint16)
    flat[is_valid] = np.cumsum((coded >> 1) ^ -(coded & 1)).astype(np.uint16)
    return flat.reshape(height, width)


def _run_heads(values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Where each pair of runs stands among the numbers of an image of `count` pixels."""
    numbers: list[int] = values.tolist()
    heads = []
    position = at = 0
    while position < count:
        if at + 2 > len(numbers):
            raise UnreadableError("an RVL image ends early")
        zeros, pixels = numbers[at], numbers[at + 1]
        heads.append(at)
        position += zeros + pixels
        at += 2 + pixels
        if position > count or at > len(numbers) or zeros + pixels == 0:
            raise UnreadableError("an RVL image does not fit its size")
    return np.array(heads, dtype=np.int64)


def _numbers(packed: NDArray[np.uint8]) -> NDArray[np.int64]:
    words = packed.reshape(-1, 4)[:, ::-1]
    nibbles = np.stack((words >> 4, words & 15), axis=-1).reshape(-1)
    lasts = np.flatnonzero(nibbles < 8)
    if not len(lasts):
        return np.zeros(0, dtype=np.int64)
    nibbles = nibbles[: lasts[-1] + 1]
    starts = np.concatenate(([0], lasts[:-1] + 1))
    lengths = lasts + 1 - starts
    if int(lengths.max()) > _MAX_NIBBLES:
        raise UnreadableError("an RVL image holds a number that is too large")
    places = np.arange(len(nibbles)) - np.repeat(starts, lengths)
    groups = (nibbles & 7).astype(np.int64) << (3 * places)
    return np.add.reduceat(groups, starts)
