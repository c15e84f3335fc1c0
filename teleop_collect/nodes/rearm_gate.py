"""Whether following may begin anew, in a new episode or after a hold, asked beside the ticks."""

from collections.abc import Callable, Iterable

from teleop_collect.clock import NS_PER_S
from teleop_collect.nodes.host import Host
from teleop_collect.teleop.group import TeleopGroup
from teleop_collect.teleop.state import TeleopState
from teleop_collect.teleop.tick import Tick

AGAIN_S = 1.0
"""A shut gate is looked at once more after this time: a person may have run the check meanwhile."""
ASKED = "the rig check is looked at again"


class RearmGate:
    """Asks in the services' thread, because the check's report is compared with files.

    Until the answer is there no arm begins anew.

    Args:
        host: of this process.
        group: whose arms begin anew or do not.
        reason: why they may not; None when they may.
    """

    def __init__(self, host: Host, group: TeleopGroup, reason: Callable[[], str | None]) -> None:
        self._host, self._group, self._reason = host, group, reason
        self._asked_ns = 0
        self._is_shut = False
        self._question = host.node.create_guard_condition(self._answer)

    def watch(self, ticks: Iterable[Tick], now_ns: int) -> None:
        """Ask when an arm begins to hold, and again while a shut gate keeps it; holds the lock."""
        holding = [tick for tick in ticks if tick.state is TeleopState.HOLD]
        begins = any(tick.transitions for tick in holding)
        waits = holding and self._is_shut and now_ns - self._asked_ns > AGAIN_S * NS_PER_S
        if begins or waits:
            self._asked_ns = now_ns
            self._take(ASKED)
            self._question.trigger()

    def episode_begins(self, episode: str) -> None:
        """Look at the gate, then let every arm that follows begin anew."""
        reason = self._reason()
        with self._host.lock:
            self._take(reason)
            self._group.episode_begins(episode)

    def _answer(self) -> None:
        reason = self._reason()
        with self._host.lock:
            self._take(reason)

    def _take(self, reason: str | None) -> None:
        self._is_shut = reason is not None
        self._group.shut(reason)
