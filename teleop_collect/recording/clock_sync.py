"""Whether the system clock follows a reference, as the kernel says (`adjtimex(2)`).

The kernel knows only that somebody (chrony, ntpd, systemd-timesyncd, phc2sys of PTP) disciplines
its clock, not who. Where it cannot be asked, the answer is "unknown".
"""

import ctypes
import sys
from dataclasses import dataclass
from typing import Literal

SyncState = Literal["synchronised", "unsynchronised", "unknown"]
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


@dataclass(frozen=True)
class ClockSync:
    """What the kernel says of its clock.

    Attributes:
        state: `unsynchronised` when nobody disciplines it.
        estimated_error_us: as the disciplining program estimates it; None when unsynchronised or
            unknown.
        maximum_error_us: the bound on it.
    """

    state: SyncState
    estimated_error_us: int | None = None
    maximum_error_us: int | None = None


class _Timex(ctypes.Structure):
    """Begin of `struct timex`, with room for the 208 bytes that 64-bit Linux fills."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 160),
    )


def clock_sync() -> ClockSync:
    """Ask the kernel; changes nothing."""
    if sys.platform != "linux":
        return ClockSync("unknown")
    timex = _Timex(modes=0)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return ClockSync("unknown")
    if state < 0:
        return ClockSync("unknown")
    return interpreted(state, timex.status, timex.esterror, timex.maxerror)


def interpreted(state: int, status: int, esterror_us: int, maxerror_us: int) -> ClockSync:
    """What the answer of `adjtimex` means.

    Args:
        state: its return value.
        status: `timex.status`.
        esterror_us: `timex.esterror`.
        maxerror_us: `timex.maxerror`.
    """
    if state == _TIME_ERROR or status & _STA_UNSYNC:
        return ClockSync("unsynchronised")
    return ClockSync("synchronised", esterror_us, maxerror_us)
