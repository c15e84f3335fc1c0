"""The states of teleoperation and the one table of their transitions."""

from enum import Enum


class TeleopState(Enum):
    """What an arm's chain does with the leader."""

    DISARMED = "disarmed"
    """Sends nothing (after finishing a deceleration that was under way)."""
    ALIGNING = "aligning"
    """Moves the follower to the leader at the ramp speed."""
    ENGAGED = "engaged"
    """The follower follows the leader within its limits."""
    HOLD = "hold"
    """Decelerates and keeps the follower where it is until the input is good again."""
    FAULT = "fault"
    """Decelerates and keeps the follower where it is until disarmed by a person."""


class TeleopEvent(Enum):
    """What can happen to a chain."""

    ENGAGE = "engage"
    """A person engages and every condition for it holds."""
    DISARM = "disarm"
    """A person disarms."""
    STOP = "stop"
    """A software stop, or the fault of another arm of the group."""
    ALIGNED = "aligned"
    """Every joint's command is within tolerance of the leader."""
    EPISODE = "episode"
    """A new episode begins; following must begin anew, too."""
    INPUT_BAD = "input_bad"
    """Leader, follower or wrench cannot be believed now, or the deadman is released."""
    INPUT_GOOD = "input_good"
    """All of them can be believed and the deadman is held."""
    INPUT_DEAD = "input_dead"
    """Leader or follower could not be believed for longer than the fault time."""
    LIMIT_BROKEN = "limit_broken"
    """A measurement is beyond a hard limit: force, torque, or a follower that stays behind."""


_S, _E = TeleopState, TeleopEvent

# Every pair that is absent leaves the state as it is.
_TRANSITIONS: dict[tuple[TeleopState, TeleopEvent], TeleopState] = {
    (_S.DISARMED, _E.ENGAGE): _S.ALIGNING,
    (_S.DISARMED, _E.STOP): _S.FAULT,
    (_S.ALIGNING, _E.ALIGNED): _S.ENGAGED,
    (_S.ALIGNING, _E.INPUT_BAD): _S.HOLD,
    (_S.ALIGNING, _E.INPUT_DEAD): _S.FAULT,
    (_S.ALIGNING, _E.LIMIT_BROKEN): _S.FAULT,
    (_S.ALIGNING, _E.STOP): _S.FAULT,
    (_S.ALIGNING, _E.DISARM): _S.DISARMED,
    (_S.ENGAGED, _E.EPISODE): _S.ALIGNING,
    (_S.ENGAGED, _E.INPUT_BAD): _S.HOLD,
    (_S.ENGAGED, _E.INPUT_DEAD): _S.FAULT,
    (_S.ENGAGED, _E.LIMIT_BROKEN): _S.FAULT,
    (_S.ENGAGED, _E.STOP): _S.FAULT,
    (_S.ENGAGED, _E.DISARM): _S.DISARMED,
    (_S.HOLD, _E.INPUT_GOOD): _S.ALIGNING,
    (_S.HOLD, _E.INPUT_DEAD): _S.FAULT,
    (_S.HOLD, _E.LIMIT_BROKEN): _S.FAULT,
    (_S.HOLD, _E.STOP): _S.FAULT,
    (_S.HOLD, _E.DISARM): _S.DISARMED,
    (_S.FAULT, _E.DISARM): _S.DISARMED,
}


def next_state(state: TeleopState, event: TeleopEvent) -> TeleopState:
    """The state after `event` in `state`; the same state where the event changes nothing."""
    return _TRANSITIONS.get((state, event), state)
