"""Streams whose messages all have one layout, read as one table instead of message by message.

A joint state stream has the same names, and so the same length and offsets, in every message. When
all messages agree byte for byte in everything that decides the layout, numbers are views of one
array. Otherwise, and for other types, messages are decoded one by one (`streams.extract`).

Layout: OMG DDS-XTypes, CDR version 1, little endian; doubles are aligned to 8 bytes after the four
bytes of the encapsulation header.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop_collect import topics
from teleop_collect.episodes.streams import Values, extract

BODY = 4
STAMP_END = BODY + 8
UINT32 = struct.Struct("<I")
MIN_MESSAGES = 8

# Columns of doubles behind the header, by type.
DOUBLES: dict[str, tuple[tuple[str, int], ...]] = {
    topics.WRENCH_STAMPED: (("force_n", 3), ("torque_nm", 3)),
    topics.TWIST_STAMPED: (("linear_m_s", 3), ("angular_rad_s", 3)),
    topics.POSE_STAMPED: (("position_m", 3), ("quat_xyzw", 4)),
}
JOINT_FIELDS = ("position", "velocity", "effort")


def uniform(
    type_name: str, raw: Sequence[bytes], decode: Any
) -> tuple[tuple[str, ...], Values] | None:
    """Joint names and value arrays of messages that share one layout; None when they do not.

    The first and the last message are decoded by the file's own definition as well and must agree.

    Args:
        type_name: message type.
        raw: serialised messages.
        decode: from serialised bytes to a message.
    """
    known = type_name == topics.JOINT_STATE or type_name in DOUBLES
    if not known or len(raw) < MIN_MESSAGES or len({len(data) for data in raw}) != 1:
        return None
    table = np.frombuffer(b"".join(raw), dtype=np.uint8).reshape(len(raw), -1)
    if table.shape[1] < STAMP_END + UINT32.size or table[0, 1] != 1:
        return None
    try:
        found = _joints(table) if type_name == topics.JOINT_STATE else _doubles(type_name, table)
    except (struct.error, UnicodeDecodeError, IndexError):
        return None
    if found is None:
        return None
    ends = extract(type_name, [decode(raw[0]), decode(raw[-1])])
    return found if _agree(found, ends) else None


def _doubles(type_name: str, table: NDArray[np.uint8]) -> tuple[tuple[str, ...], Values] | None:
    start = _aligned(_text_end(table, STAMP_END)[0], 8)
    if not _same(table, STAMP_END, STAMP_END + UINT32.size):
        return None
    values: Values = {}
    for name, width in DOUBLES[type_name]:
        values[name] = _floats(table, start, width)
        start += 8 * width
    return (), values


def _joints(table: NDArray[np.uint8]) -> tuple[tuple[str, ...], Values] | None:
    at = _aligned(_text_end(table, STAMP_END)[0], 4)
    (count,) = UINT32.unpack_from(table[0], at)
    at += UINT32.size
    names = []
    for _ in range(count):
        at, name = _text_end(table, _aligned(at, 4))
        names.append(name)
    if len(set(names)) != len(names):
        return None
    values: Values = {}
    fixed_from = STAMP_END
    for field in JOINT_FIELDS:
        at = _aligned(at, 4)
        (width,) = UINT32.unpack_from(table[0], at)
        at += UINT32.size
        if not _same(table, fixed_from, at) or width not in (0, count):
            return None
        start = _aligned(at, 8) if width else at
        values[field] = _floats(table, start, width)
        at = fixed_from = start + 8 * width
    if not count or not values["position"].shape[1]:
        return None
    kept = {
        k: v for k, v in values.items() if k == "position" or (v.shape[1] and not np.isnan(v).all())
    }
    return tuple(names), kept


def _floats(table: NDArray[np.uint8], start: int, width: int) -> NDArray[np.float64]:
    if start + 8 * width > table.shape[1]:
        raise IndexError("the numbers reach beyond the message")
    columns = np.ascontiguousarray(table[:, start : start + 8 * width])
    return columns.view("<f8").reshape(len(table), width).astype(np.float64)


def _text_end(table: NDArray[np.uint8], at: int) -> tuple[int, str]:
    """Where a string of the first message ends, and the string."""
    (length,) = UINT32.unpack_from(table[0], at)
    end = at + UINT32.size + length
    if length < 1 or end > table.shape[1]:
        raise IndexError("a text reaches beyond the message")
    return end, bytes(table[0, at + UINT32.size : end - 1]).decode()


def _same(table: NDArray[np.uint8], start: int, end: int) -> bool:
    """Whether these bytes are the same in all messages."""
    return bool((table[:, start:end] == table[0, start:end]).all())


def _aligned(offset: int, to: int) -> int:
    return offset + -(offset - BODY) % to


def _agree(found: tuple[tuple[str, ...], Values], ends: tuple[tuple[str, ...], Values]) -> bool:
    if found[0] != ends[0] or not set(ends[1]) <= set(found[1]):
        return False
    return all(
        np.array_equal(found[1][key][[0, -1]], values, equal_nan=True)
        for key, values in ends[1].items()
    )
