"""Every state with every event."""

import pytest

from teleop_collect.teleop.state import TeleopEvent, TeleopState, next_state

STATES = ("disarmed", "aligning", "engaged", "hold", "fault")
TABLE = {
    "engage": ("aligning", "aligning", "engaged", "hold", "fault"),
    "disarm": ("disarmed", "disarmed", "disarmed", "disarmed", "disarmed"),
    "stop": ("fault", "fault", "fault", "fault", "fault"),
    "aligned": ("disarmed", "engaged", "engaged", "hold", "fault"),
    "episode": ("disarmed", "aligning", "aligning", "hold", "fault"),
    "input_bad": ("disarmed", "hold", "hold", "hold", "fault"),
    "input_good": ("disarmed", "aligning", "engaged", "aligning", "fault"),
    "input_dead": ("disarmed", "fault", "fault", "fault", "fault"),
    "limit_broken": ("disarmed", "fault", "fault", "fault", "fault"),
}


@pytest.mark.parametrize("state", list(TeleopState))
@pytest.mark.parametrize("event", list(TeleopEvent))
def test_transition(state: TeleopState, event: TeleopEvent) -> None:
    expected = TABLE[event.value][STATES.index(state.value)]
    assert next_state(state, event) is TeleopState(expected)


def test_only_disarming_leaves_a_fault() -> None:
    leaving = [e for e in TeleopEvent if next_state(TeleopState.FAULT, e) is not TeleopState.FAULT]
    assert leaving == [TeleopEvent.DISARM]


def test_following_begins_only_through_alignment() -> None:
    into = [
        (s, e)
        for s in TeleopState
        for e in TeleopEvent
        if s is not TeleopState.ENGAGED and next_state(s, e) is TeleopState.ENGAGED
    ]
    assert into == [(TeleopState.ALIGNING, TeleopEvent.ALIGNED)]
