"""A leader's message that says nothing to act on, with the bit that stands for why."""

from teleop_collect.errors import TeleopCollectError
from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.watchdog import Doubt


class LeaderDoubted(TeleopCollectError):
    """A leader in numbers cannot move as its device asks.

    Args:
        bit: what is wrong with the message.
        reason: which value, which limit.

    Attributes:
        doubt: both, for the chain.
    """

    def __init__(self, bit: LimiterBits, reason: str) -> None:
        super().__init__(reason)
        self.doubt = Doubt(int(bit), reason)
