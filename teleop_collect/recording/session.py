"""The life of an episode as a state machine, and nothing else.

    IDLE ──start──► RECORDING ──stop──► FINISHING ──finished──► IDLE
                       └────────────discard──────────────────────┘

A label is accepted while recording and, for the last episode, while idle; so is undoing it.
"""

from enum import Enum

from teleop_collect.errors import BusyError, ConfigError, TeleopCollectError


class State(Enum):
    """Where an episode is in its life."""

    IDLE = "idle"
    RECORDING = "recording"
    FINISHING = "finishing"


class Command(Enum):
    """What can happen to it."""

    START = "start"
    STOP = "stop"
    FINISHED = "finished"
    DISCARD = "discard"
    LABEL = "label"
    UNDO = "undo"


_NEXT = {
    (State.IDLE, Command.START): State.RECORDING,
    (State.IDLE, Command.LABEL): State.IDLE,
    (State.IDLE, Command.UNDO): State.IDLE,
    (State.RECORDING, Command.STOP): State.FINISHING,
    (State.RECORDING, Command.DISCARD): State.IDLE,
    (State.RECORDING, Command.LABEL): State.RECORDING,
    (State.FINISHING, Command.FINISHED): State.IDLE,
}


_ABOUT_THE_LAST = (Command.LABEL, Command.UNDO)


class Session:
    """The state of one recorder and the episode it is about."""

    def __init__(self) -> None:
        self.state = State.IDLE
        self.episode_id: str | None = None
        """The episode being recorded, or the last one that was finished."""

    def check(self, command: Command) -> State:
        """The state that `command` leads to.

        Raises:
            BusyError: the recorder is in the middle of an episode.
            ConfigError: there is no episode that the command could be about.
        """
        target = _NEXT.get((self.state, command))
        if target is None or (command in _ABOUT_THE_LAST and self.episode_id is None):
            raise self._refusal(command)
        return target

    def apply(self, command: Command, episode_id: str | None = None) -> None:
        """Do `command`; `episode_id` belongs to START.

        Raises:
            BusyError, ConfigError: as `check`; the state is unchanged.
        """
        self.state = self.check(command)
        if command is Command.START:
            self.episode_id = episode_id
        elif command in (Command.DISCARD, Command.UNDO):
            self.episode_id = None

    def _refusal(self, command: Command) -> TeleopCollectError:
        if self.state is State.FINISHING:
            return BusyError(
                f"cannot {command.value}: episode {self.episode_id} is being finished;"
                " try again in a moment"
            )
        if self.state is State.RECORDING:
            return BusyError(
                f"cannot {command.value}: episode {self.episode_id} is being recorded;"
                " stop or discard it first"
            )
        return ConfigError(f"cannot {command.value}: no episode is being recorded; start one first")
