"""Faults that the emulated bus shows on command."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from teleop_collect.devices.bus_emulator.bus import Reply
from teleop_collect.errors import ConfigError

GARBAGE = bytes(range(0x10, 0x9A, 7))
MAX_DELAY_S = 10.0


class FaultKind(Enum):
    """What goes wrong with the bytes of a reply."""

    NO_REPLY = "no_reply"
    """Nothing comes."""
    TRUNCATED = "truncated"
    """The last bytes are missing."""
    BIT_FLIP = "bit_flip"
    """One bit of the last packet's data is wrong."""
    DROPPED_BYTE = "dropped_byte"
    """The second byte is missing."""
    LATE_REPLY = "late_reply"
    """All of it comes `delay_s` later."""
    GARBAGE = "garbage"
    """Bytes that are no packet come first."""


@dataclass(frozen=True)
class Fault:
    """One fault, shown on the next `count` exchanges (on all, until cleared, when None)."""

    kind: FaultKind
    count: int | None = 1
    delay_s: float = 0.06

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> "Fault":
        """Check and take `{"kind", "count", "delay_s"}`.

        Raises:
            ConfigError: a value is wrong.
        """
        try:
            kind = FaultKind(message.get("kind"))
        except ValueError as error:
            kinds = ", ".join(k.value for k in FaultKind)
            raise ConfigError(f"no fault {message.get('kind')!r}; choose {kinds}") from error
        count, delay_s = message.get("count", 1), message.get("delay_s", 0.06)
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ConfigError(f"count is {count!r}; it must be 1 or more, or null")
        if not isinstance(delay_s, int | float) or not 0 <= delay_s <= MAX_DELAY_S:
            raise ConfigError(f"delay_s is {delay_s!r}; it must lie between 0 and {MAX_DELAY_S:g}")
        return cls(kind, count, float(delay_s))

    def apply(self, reply: Reply) -> Reply | None:
        """The reply as it comes with this fault; None when nothing comes."""
        data, end_ns = reply.data, reply.end_ns
        match self.kind:
            case FaultKind.NO_REPLY:
                return None
            case FaultKind.TRUNCATED:
                data = data[:-5]
            case FaultKind.BIT_FLIP:
                data = data[:-3] + bytes([data[-3] ^ 0x10]) + data[-2:]
            case FaultKind.DROPPED_BYTE:
                data = data[:1] + data[2:]
            case FaultKind.LATE_REPLY:
                end_ns += math.ceil(self.delay_s * 1e9)
            case FaultKind.GARBAGE:
                data = GARBAGE + data
        return Reply(end_ns, data)


class FaultInjector:
    """Applies the faults that have been ordered to whole exchanges, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    @property
    def active(self) -> list[str]:
        """Kinds of the faults still to be shown."""
        return [fault.kind.value for fault in self._faults]

    def inject(self, fault: Fault) -> None:
        """Order a fault."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def apply(self, reply: Reply) -> Reply | None:
        """The reply as it comes; None when nothing comes."""
        if not self._faults:
            return reply
        fault = self._faults[0]
        if fault.count is not None:
            rest = [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
            self._faults[:1] = rest
        return fault.apply(reply)
