"""Every state with every event."""

import pytest

from teleop_collect.teleop.state import TeleopEvent, TeleopState, next_state

# Columns: engage, disarm, stop, aligned, input_bad, input_good, input_dead.
EVENTS = ("engage", "disarm", "stop", "aligned", "input_bad", "input_good", "input_dead")
TABLE = {
    "disarmed": ("aligning", "disarmed", "fault", "disarmed", "disarmed", "disarmed", "disarmed"),
    "aligning": ("aligning", "disarmed", "fault", "engaged", "hold", "aligning", "fault"),
    "engaged": ("engaged", "disarmed", "fault", "engaged", "hold", "engaged", "fault"),
    "hold": ("hold", "disarmed", "fault", "hold", "hold", "aligning", "fault"),
    "fault": ("fault", "disarmed", "fault", "fault", "fault", "fault", "fault"),
}


@pytest.mark.parametrize("state", list(TeleopState))
@pytest.mark.parametrize("event", list(TeleopEvent))
def test_transition(state: TeleopState, event: TeleopEvent) -> None:
    expected = TABLE[state.value][EVENTS.index(event.value)]
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
