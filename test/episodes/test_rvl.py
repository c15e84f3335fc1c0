import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from teleop_collect.episodes import rvl
from teleop_collect.errors import UnreadableError


def published_algorithm(pixels: list[int]) -> bytes:
    """RVL as the paper's listing does it: one pixel and one nibble at a time."""
    nibbles: list[int] = []

    def put(value: int) -> None:
        while True:
            nibble, value = value & 7, value >> 3
            nibbles.append(nibble | (8 if value else 0))
            if not value:
                return

    at = previous = 0
    while at < len(pixels):
        zeros = at
        while at < len(pixels) and pixels[at] == 0:
            at += 1
        put(at - zeros)
        begin = at
        while at < len(pixels) and pixels[at] != 0:
            at += 1
        put(at - begin)
        for pixel in pixels[begin:at]:
            delta, previous = pixel - previous, pixel
            put((delta << 1) ^ (delta >> 31))
    nibbles += [0] * (-len(nibbles) % 8)
    words = [nibbles[i : i + 8] for i in range(0, len(nibbles), 8)]
    return b"".join(struct.pack("<I", int("".join(f"{n:x}" for n in w), 16)) for w in words)


depths = hnp.arrays(
    np.uint16,
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    elements=st.one_of(st.just(0), st.integers(0, 65535), st.integers(900, 910)),
)


@given(depths)
@settings(max_examples=200, deadline=None)
def test_bytes_are_those_of_the_published_algorithm_and_come_back(depth) -> None:
    data = rvl.encode(depth)
    assert data == published_algorithm([int(v) for v in depth.reshape(-1)])
    assert (rvl.decode(data, *depth.shape) == depth).all()


def test_extremes() -> None:
    for depth in (
        np.zeros((480, 640), np.uint16),
        np.full((480, 640), 65535, np.uint16),
        np.tile(np.array([0, 65535, 1, 65535], np.uint16), (4, 160)),
    ):
        assert (rvl.decode(rvl.encode(depth), *depth.shape) == depth).all()


@given(st.binary(max_size=64), st.integers(0, 9), st.integers(0, 9))
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_in_an_image_or_a_message(data: bytes, height: int, width: int) -> None:
    with suppress(UnreadableError):
        assert rvl.decode(data, height, width).shape == (height, width)


def test_an_image_of_another_size_is_refused() -> None:
    data = rvl.encode(np.arange(1, 101, dtype=np.uint16).reshape(10, 10))
    for height, width in ((10, 11), (9, 10), (1 << 20, 1 << 20)):
        with pytest.raises(UnreadableError):
            rvl.decode(data, height, width)
