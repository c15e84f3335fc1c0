"""Keeps late replies out.

A status packet says which servo sent it, but not which request it answers. A reply that was held
back, say by a stalled USB adapter, would pass for the answer to a later request. So each failed
read retires the length that it asked for: the next read asks for another one, and a reply of any
other length is ignored.
"""

MAX_LATENESS_NS = 250_000_000
"""A length is used again when every failed read with it is older than this."""
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
