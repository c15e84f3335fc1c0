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
_BLOCK_NIBBLES = 1 << 16


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
    values = _numbers(np.frombuffer(data, dtype="<u4"))
    heads = _run_heads(values, count)
    bounds = np.stack((heads, heads + 1), axis=-1).reshape(-1)
    runs = values[bounds]
    is_valid = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    steps = _steps(np.delete(values, bounds)[: np.count_nonzero(is_valid)])
    flat = np.zeros(count, dtype=np.uint16)
    flat[is_valid] = np.cumsum(steps, dtype=np.uint16, out=steps)
    return flat.reshape(height, width)


def _steps(coded: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """From one pixel to the next; a pixel is the last 16 bits of their sum, so more are not needed.

    In place, since fresh memory costs more than the arithmetic.
    """
    steps = (coded >> 1).astype(np.uint16)
    is_negative = coded.astype(np.uint16)
    is_negative &= 1
    steps ^= np.negative(is_negative, out=is_negative)
    return steps


def _run_heads(values: NDArray[np.uint32], count: int) -> NDArray[np.int64]:
    """Where each pair of runs stands among the numbers of an image of `count` pixels."""
    numbers = values.data
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


def _numbers(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """All numbers of an image, block by block: what lies in the cache is not fetched again."""
    nibbles = _nibbles(words)
    found = [np.zeros(0, dtype=np.uint32)]
    start = 0
    while start < len(nibbles):
        block = nibbles[start : start + _BLOCK_NIBBLES]
        lasts = np.flatnonzero(block < 8)
        if not len(lasts):
            break
        found.append(_numbers_of(block, lasts))
        start += int(lasts[-1]) + 1
    return np.concatenate(found)


def _numbers_of(nibbles: NDArray[np.uint8], lasts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The numbers that end at these nibbles; few have many groups, so few are looked at again."""
    lengths = np.diff(lasts, prepend=-1)
    longest = int(lengths.max())
    if longest > _MAX_NIBBLES:
        raise UnreadableError("an RVL image holds a number that is too large")
    values = nibbles.take(lasts).astype(np.uint32)
    longer = np.flatnonzero(lengths > 1)
    for place in range(1, longest):
        values[longer] = values[longer] << 3 | nibbles.take(lasts[longer] - place) & 7
        longer = longer[lengths[longer] > place + 1]
    return values


def _nibbles(words: NDArray[np.uint32]) -> NDArray[np.uint8]:
    packed = words.astype(">u4").view(np.uint8)
    nibbles = np.empty((len(packed), 2), dtype=np.uint8)
    np.right_shift(packed, 4, out=nibbles[:, 0])
    np.bitwise_and(packed, 15, out=nibbles[:, 1])
    return nibbles.reshape(-1)
