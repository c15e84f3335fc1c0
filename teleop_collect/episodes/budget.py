"""How much a recording may ask for, by what its file really holds.

A file that was made to exhaust memory or time is small and becomes much. What sensors measure does
not: streams of joints shrink to a tenth, rendered depth to a thirtieth, and each message keeps
time stamps that compress badly. So the bounds grow with the compressed bytes: hours of recording
pass, and any file is read in time and memory that are in proportion to what it holds.
"""

from dataclasses import dataclass, field

from teleop_collect.errors import UnreadableError

SPARE_INFLATED_BYTES, MAX_RATIO = 64 << 20, 200
SPARE_KEPT_BYTES, MAX_KEPT_RATIO = 16 << 20, 64
SPARE_MESSAGES, LEAST_MESSAGE_BYTES = 20_000, 4


class HostileError(UnreadableError):
    """A file asks for more than any recording of its size; no part of it is used."""


@dataclass
class Budget:
    """What one file may ask for in all, as far as it has been read.

    Attributes:
        packed_bytes: of its chunks and messages, as they lie in the file.
        inflated_bytes: what these became.
    """

    packed_bytes: int = 0
    inflated_bytes: int = 0
    _known: set[int] = field(default_factory=set)

    @property
    def max_inflated_bytes(self) -> int:
        """Content of all chunks after decompression."""
        return SPARE_INFLATED_BYTES + MAX_RATIO * self.packed_bytes

    @property
    def max_kept_bytes(self) -> int:
        """Messages that are held in memory: all but images."""
        return SPARE_KEPT_BYTES + MAX_KEPT_RATIO * self.packed_bytes

    @property
    def max_messages(self) -> int:
        """Messages of all streams."""
        return SPARE_MESSAGES + self.packed_bytes // LEAST_MESSAGE_BYTES

    def read(self, packed: int, inflated: int, at: int | None) -> bool:
        """Take note of a chunk or message; whether the file keeps within its bounds.

        Args:
            packed: bytes in the file.
            inflated: bytes after decompression.
            at: where in the file it lies; what is read again counts once. None counts always.
        """
        if at is not None:
            if at in self._known:
                return True
            self._known.add(at)
        self.packed_bytes += packed
        self.inflated_bytes += inflated
        return self.inflated_bytes <= self.max_inflated_bytes

    def check(self, name: str, messages: int, kept_bytes: int = 0) -> None:
        """Refuse what no recording of so many compressed bytes holds.

        Args:
            name: of the file.
            messages: found so far.
            kept_bytes: of them, in memory.

        Raises:
            HostileError: there is too much.
        """
        if kept_bytes > self.max_kept_bytes:
            what = f"{kept_bytes} bytes of joints, wrenches, poses and texts"
        elif messages > self.max_messages:
            what = f"{messages} messages"
        else:
            return
        raise HostileError(
            f"{name}: {self.packed_bytes} bytes of it hold over {what}, which no sensor's data do; "
            "this is no episode"
        )
