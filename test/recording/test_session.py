from itertools import product

import pytest

from teleop_collect.errors import BusyError, ConfigError
from teleop_collect.recording.session import Command, Session, State

ALLOWED = {
    (State.IDLE, Command.START): State.RECORDING,
    (State.IDLE, Command.LABEL): State.IDLE,
    (State.IDLE, Command.UNDO): State.IDLE,
    (State.RECORDING, Command.STOP): State.FINISHING,
    (State.RECORDING, Command.DISCARD): State.IDLE,
    (State.RECORDING, Command.LABEL): State.RECORDING,
    (State.FINISHING, Command.FINISHED): State.IDLE,
}


def session_in(state: State) -> Session:
    session = Session()
    session.apply(Command.START, "ep")
    if state is not State.RECORDING:
        session.apply(Command.STOP)
    if state is State.IDLE:
        session.apply(Command.FINISHED)
    assert session.state is state
    return session


@pytest.mark.parametrize(("state", "command"), list(product(State, Command)))
def test_every_command_in_every_state(state: State, command: Command) -> None:
    session = session_in(state)
    expected = ALLOWED.get((state, command))
    if expected is not None:
        session.apply(command, "next")
        assert session.state is expected
        return
    with pytest.raises(ConfigError if state is State.IDLE else BusyError) as caught:
        session.apply(command)
    assert session.state is state
    assert session.episode_id == "ep"
    assert command.value in str(caught.value)
    assert state is State.IDLE or "ep" in str(caught.value)


def test_the_last_episode_can_be_labelled_but_not_a_discarded_or_missing_one() -> None:
    with pytest.raises(ConfigError, match="start one first"):
        Session().apply(Command.LABEL)
    session = session_in(State.RECORDING)
    session.apply(Command.DISCARD)
    with pytest.raises(ConfigError, match="start one first"):
        session.apply(Command.LABEL)
