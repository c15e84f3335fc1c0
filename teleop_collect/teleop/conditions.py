"""What an arm needs besides leader and follower: a wrench that can be believed, a held deadman."""

from teleop_collect.teleop.deadman import DeadmanWatch
from teleop_collect.teleop.watchdog import Doubt
from teleop_collect.teleop.wrench_guard import WrenchLimit


class Conditions:
    """Those that the rig file asks for.

    Args:
        wrench: the guard that hears the sensor; None on an arm without.
        deadman: what must be held; None on a rig without.
    """

    def __init__(self, wrench: WrenchLimit | None, deadman: DeadmanWatch | None) -> None:
        self._wrench, self._deadman = wrench, deadman

    def doubts(self, now_ns: int, utc_ns: int) -> list[Doubt]:
        """Why the arm may not move now."""
        found = [
            None if self._wrench is None else self._wrench.doubt(now_ns, utc_ns),
            None if self._deadman is None else self._deadman.doubt(now_ns, utc_ns),
        ]
        return [doubt for doubt in found if doubt is not None]

    def problem(self, now_ns: int, utc_ns: int) -> str | None:
        """Why the arm may not be engaged now; None when it may."""
        doubts = self.doubts(now_ns, utc_ns)
        if doubts:
            return "; ".join(doubt.reason for doubt in doubts)
        return None if self._wrench is None else self._wrench.pressing()
