"""CRC-32 of two pieces joined, from the CRCs of the pieces: no byte is read a second time.

Appending n bytes multiplies the CRC's polynomial by x^(8n) modulo the generator, so that joining
costs a few multiplications in GF(2). Same arithmetic as `crc32_combine` of zlib, which Python's
zlib module does not offer.
"""

GENERATOR = 0xEDB88320
"""CRC-32 (IEEE 802.3), bit-reversed."""
_X0 = 1 << 31
_X1 = 1 << 30


def crc32_of_joined(first: int, second: int, second_bytes: int) -> int:
    """CRC-32 of a piece with CRC `first` followed by one of `second_bytes` with CRC `second`."""
    shift, power = _X0, 3
    while second_bytes:
        if second_bytes & 1:
            shift = _product(_POWERS[power & 31], shift)
        second_bytes >>= 1
        power += 1
    return _product(shift, first) ^ second


def _product(a: int, b: int) -> int:
    """a(x) * b(x) modulo the generator, bit-reversed; `a` is not 0."""
    product, bit = 0, _X0
    while True:
        if a & bit:
            product ^= b
            if not a & (bit - 1):
                return product
        bit >>= 1
        b = (b >> 1) ^ GENERATOR if b & 1 else b >> 1


def _squares() -> list[int]:
    """x^(2^n) for n = 0 .. 31."""
    squares = [_X1]
    while len(squares) < 32:
        squares.append(_product(squares[-1], squares[-1]))
    return squares


_POWERS = _squares()
