"""Keeps late replies out.

A status packet says which servo sent it, but not which request it answers. A reply that was held
back, say by a stalled USB adapter, would pass for the answer to a later request. So each failed
read retires the length that it asked for: the next read asks for another one, and a reply of any
other length is ignored. Confirmations of writes all have one length: after one that failed, that
servo is not written to until a late one has passed.
"""

from collections.abc import Sequence

MAX_LATENESS_NS = 150_000_000
"""A length is used again when every failed exchange with it is older than this."""
NEVER_NS = -(1 << 62)


class ReadLengths:
    """Chooses how many bytes the next read asks for.

    Args:
        shortest: length used while all is well, bytes.
        longest: greatest length that may be asked for, bytes.
    """

    def __init__(self, shortest: int, longest: int) -> None:
        self._failed_at_ns = dict.fromkeys(range(shortest, longest + 1), NEVER_NS)

    def next(self, now_ns: int) -> int | None:
        """The shortest length that no late reply can have; None while there is none."""
        for length, failed_at_ns in self._failed_at_ns.items():
            if now_ns - failed_at_ns >= MAX_LATENESS_NS:
                return length
        return None

    def failed(self, length: int, now_ns: int) -> None:
        """Retire a length whose replies may still be under way."""
        self._failed_at_ns[length] = now_ns


class OwedAnswers:
    """What single servos may still have to say to exchanges that failed."""

    def __init__(self) -> None:
        self._failed_at_ns: dict[tuple[int, int], int] = {}

    def failed(self, servo_id: int, length: int, now_ns: int) -> None:
        """Note an answer of that servo and length that did not come."""
        self._failed_at_ns[servo_id, length] = now_ns

    def first_free(self, servo_id: int, lengths: Sequence[int], now_ns: int) -> tuple[int, int]:
        """The length to ask for, and from when on (ns) no late answer can have it.

        It is the first that is free now, else the one that is free first.
        """
        free_ns = [
            self._failed_at_ns.get((servo_id, n), NEVER_NS) + MAX_LATENESS_NS for n in lengths
        ]
        for length, at_ns in zip(lengths, free_ns, strict=True):
            if at_ns <= now_ns:
                return length, at_ns
        at_ns = min(free_ns)
        return lengths[free_ns.index(at_ns)], at_ns
