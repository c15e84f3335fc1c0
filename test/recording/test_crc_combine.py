"""A CRC of joined pieces from the CRCs of the pieces."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from teleop_collect.recording.crc_combine import crc32_of_joined


@given(first=st.binary(max_size=300), second=st.binary(max_size=300))
def test_joining_gives_the_crc_of_all_bytes(first: bytes, second: bytes):
    joined = crc32_of_joined(zlib.crc32(first), zlib.crc32(second), len(second))

    assert joined == zlib.crc32(first + second)


def test_a_piece_of_the_size_of_a_chunk():
    first, second = b"head", bytes(range(256)) * 5000

    joined = crc32_of_joined(zlib.crc32(first), zlib.crc32(second), len(second))

    assert joined == zlib.crc32(first + second)
