"""What one tick of a chain answers, and what an attempt to engage answers."""

from dataclasses import dataclass

from teleop_collect.teleop.limiter_bits import LimiterBits
from teleop_collect.teleop.state import TeleopState

Transition = tuple[TeleopState, TeleopState]


@dataclass(frozen=True, slots=True)
class EngageAnswer:
    """Whether engaging was accepted.

    Attributes:
        accepted: whether the chain is armed now.
        message: for the operator: what happens now, or which value refused it and what to do.
    """

    accepted: bool
    message: str


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick of one arm.

    Attributes:
        state: after this tick.
        action_requested: mapped wish of the operator before any limit, in the order of the chain's
            joints, rad or m: as it stands in the leader's newest sample, also where that is too old
            or out of order to be followed; None where it holds no numbers for every joint.
        action_sent: what to send to the follower, same order and units; None when nothing is sent.
        velocity_sent: velocity of `action_sent`, rad/s or m/s; None with it.
        limiters: why `action_sent` differs from `action_requested`. No bit while ENGAGED means
            that both are equal.
        reason: which joint or input, which value, which limit; empty when there is nothing to say.
        leader_age_s: s since the newest leader sample, the larger by reception and stamp; None
            before the first.
        follower_age_s: the same of the follower.
        dt_s: time that commands could move in, s.
        transitions: every change of state since the previous tick, in order.
        explanations: why, one for each transition.
    """

    state: TeleopState
    action_requested: tuple[float, ...] | None
    action_sent: tuple[float, ...] | None
    velocity_sent: tuple[float, ...] | None
    limiters: LimiterBits
    reason: str
    leader_age_s: float | None
    follower_age_s: float | None
    dt_s: float
    transitions: tuple[Transition, ...]
    explanations: tuple[str, ...] = ()

    @property
    def transition(self) -> Transition | None:
        """From the state of the previous tick to this one; None when nothing changed."""
        if not self.transitions:
            return None
        return self.transitions[0][0], self.transitions[-1][1]
