"""Turns an operator's keys into service calls, and says what happened and what goes wrong."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from teleop_collect import topics
from teleop_collect.cli.line_entry import LineEntry
from teleop_collect.cli.live_ledger_line import Statuses, ledger_line, ledger_table
from teleop_collect.cli.status_line import StatusLine

KEYS = """\
keys: space start / stop     s success     f failure, and why     n notes of the next episodes
      d discard (twice)      u undo the last      p practice on / off (nothing is recorded)
      e engage, or disarm and clear a fault       r reset scene (simulated rig)     q quit
      x software stop (not a certified safety function)     l ledger of every stream"""

CONFIRM_S = 3.0
"""A second key within this time confirms."""
DISARMED = "DISARMED"
STOP_KEY_WHILE_TYPING = "\x18"
"""Ctrl-X: the stop must be within reach also while letters are text."""
STOP_TIMEOUT_S = 45.0
"""Longer than the recorder itself waits for a slow disk."""
TOLD = ("silent", "returned", "dropout", "shedding", "fault", "disk_low", "clock_step", "finishing",
    "stamps", "unreadable", "qos_changed", "codec", "too_large", "salvaged", "not_salvaged", "step",
    "verdict",
)  # fmt: skip
"""Events that the operator hears of at once."""


class Answer(Protocol):
    """What a service said."""

    @property
    def success(self) -> bool:
        """Whether it was done."""
        ...

    @property
    def message(self) -> str:
        """Result, or why not."""
        ...


class Client(Protocol):
    """What the terminal needs of a running rig (see `nodes.rig_client`)."""

    def state(self, topic: str) -> dict[str, Any]:
        """Latest JSON of a latched topic."""
        ...

    def events(self) -> list[dict[str, Any]]:
        """Events since the last call."""
        ...

    def diagnostics(self) -> Statuses:
        """Statuses published since the last call, by name."""
        ...

    def teleop_states(self) -> dict[str, str]:
        """State of teleoperation now, by arm."""
        ...

    def trigger(self, service: str, timeout_s: float = ...) -> Answer:
        """Call a Trigger service."""
        ...

    def set_bool(self, service: str, value: bool, timeout_s: float = ...) -> Answer:
        """Call a SetBool service."""
        ...

    def set_parameters(self, node: str, values: dict[str, Any], timeout_s: float = ...) -> None:
        """Set parameters of a node."""
        ...


class OperatorTerminal:
    """One session at the terminal.

    Args:
        client: of the running rig.
        lines: where lines and the status of the running episode are shown.
        monotonic_s: for the time within which a second key confirms.
    """

    def __init__(
        self,
        client: Client,
        lines: StatusLine | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._lines = lines or StatusLine()
        self._say = self._lines.say
        self._statuses: Statuses = {}
        self._now_s = monotonic_s
        self._practice = False
        self._entry: LineEntry | None = None
        self._confirming = ("", 0.0)
        self._actions: dict[str, Callable[[], None]] = {
            " ": self._toggle,
            "s": lambda: self._label(True),
            "f": self._fail,
            "n": lambda: self._ask("notes of the next episodes", self._note),
            "d": self._discard,
            "u": self._undo,
            "p": self._toggle_practice,
            "r": lambda: self._tell("reset", self._client.trigger(topics.SIM_RESET)),
            "e": self._engage,
            "x": self._stop,
            STOP_KEY_WHILE_TYPING: self._stop,
            "l": self._tell_ledger,
        }

    def press(self, key: str) -> bool:
        """Serve one key ("" when none was pressed); False ends the session."""
        if self._entry is not None and key != STOP_KEY_WHILE_TYPING:
            self._type(self._entry, key)
        elif key == "q":
            return False
        elif key in self._actions:
            self._actions[key]()
        for event in self._client.events():
            if event.get("kind") in TOLD:
                self._say(described(event))
        self._follow_ledger()
        return True

    def _follow_ledger(self) -> None:
        """Show what the recorder says of the running episode, each second."""
        if told := self._client.diagnostics():
            self._statuses = {**self._statuses, **told}
        if self._entry is not None:
            self._lines.show(self._entry.shown)
            return
        self._lines.show(ledger_line(self._statuses) if self._state == "recording" else "")

    def _tell_ledger(self) -> None:
        for line in ledger_table(self._statuses):
            self._say(line)

    @property
    def _state(self) -> str:
        return str(self._client.state(topics.EPISODE).get("state"))

    def _toggle(self) -> None:
        if self._state not in ("recording", "practice"):
            self._tell("start", self._client.trigger(topics.START_EPISODE))
            return
        answer = self._client.trigger(topics.STOP_EPISODE, STOP_TIMEOUT_S)
        self._tell("stop", answer)
        self._say(self._counters())

    def _counters(self) -> str:
        """`pick_cube: 12 of 50 episodes`."""
        state = self._client.state(topics.EPISODE)
        target = state.get("target_episodes")
        wanted = f" of {target}" if target else ""
        return f"{state.get('next_task_id')}: {state.get('episodes')}{wanted} episodes"

    def _confirmed(self, what: str) -> bool:
        """Whether this key is the second one in time; says what to do after the first."""
        before, at_s = self._confirming
        if before == what and self._now_s() - at_s <= CONFIRM_S:
            self._confirming = ("", 0.0)
            return True
        self._confirming = (what, self._now_s())
        self._say(f"{what}: press again within {CONFIRM_S:g} s to confirm")
        return False

    def _discard(self) -> None:
        if self._confirmed("discard"):
            self._tell("discard", self._client.trigger(topics.DISCARD_EPISODE, STOP_TIMEOUT_S))

    def _undo(self) -> None:
        if self._confirmed("undo"):
            self._tell("undo", self._client.trigger(topics.UNDO_EPISODE))
            self._say(self._counters())

    def _toggle_practice(self) -> None:
        if self._state in ("recording", "practice"):
            self._say("practice: refused: stop the episode first")
            return
        self._practice = not self._practice
        self._client.set_parameters("recorder", {"practice": self._practice})
        self._say(f"practice: {'on, nothing is recorded' if self._practice else 'off'}")

    def _engage(self) -> None:
        """Engage arms that are all disarmed; anything else, a fault too, is disarmed."""
        states = set(self._client.teleop_states().values())
        wanted = states <= {DISARMED}
        answer = self._client.set_bool(topics.TELEOP_ENGAGE, wanted)
        disarm = "disarm, fault cleared" if "FAULT" in states and answer.success else "disarm"
        self._tell("engage" if wanted else disarm, answer)

    def _stop(self) -> None:
        self._tell("stop", self._client.trigger(topics.TELEOP_STOP))

    def _fail(self) -> None:
        """Label at once, and once more with the reason when the operator gives one."""
        self._label(False)
        self._ask("why did it fail", lambda reason: self._label(False, reason))

    def _label(self, success: bool, reason: str = "") -> None:
        word = "success" if success else "failure"
        if not reason:
            self._tell(word, self._client.set_bool(topics.LABEL_SUCCESS, success))
            return
        self._client.set_parameters("recorder", {"label_reason": reason})
        answer = self._client.set_bool(topics.LABEL_SUCCESS, success)
        # Another label, perhaps by another program, must not inherit it.
        self._client.set_parameters("recorder", {"label_reason": ""})
        self._tell(f"{word} ({reason})", answer)

    def _note(self, notes: str) -> None:
        self._client.set_parameters("recorder", {"notes": notes})
        self._say(f"notes: {notes}")

    def _ask(self, prompt: str, then: Callable[[str], None]) -> None:
        self._entry = LineEntry(prompt, then)

    def _type(self, entry: LineEntry, key: str) -> None:
        """A key of a line that is being typed; the entry ends by Enter or Esc."""
        text = entry.pressed(key)
        if entry.is_done:
            self._entry = None
        if text:
            entry.then(text)

    def _tell(self, what: str, answer: Answer) -> None:
        self._say(f"{what}: {'' if answer.success else 'refused: '}{answer.message}")


def described(event: dict[str, Any]) -> str:
    """One line for a person: kind, topic, numbers."""
    if event["kind"] == "verdict":
        return verdict_line(event)
    if event["kind"] == "step":
        return f"step {event.get('step')} reached after {event.get('reached_s', 0.0):.1f} s"
    head = {"kind", "topic", "episode_id", "at", "at_ns", "message", "first_ns", "last_ns"}
    details = [
        f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in event.items()
        if key not in head
    ]
    words = [event.get("topic", ""), event.get("message", ""), ", ".join(details)]
    return f"! {event['kind']}: {' '.join(str(word) for word in words if word)}"


def verdict_line(event: dict[str, Any]) -> str:
    """What QA says of the episode that has just ended."""
    head = f"verdict: {str(event.get('verdict')).upper()}"
    found = [str(message) for message in event.get("messages", [])]
    more = int(event.get("findings", 0)) - len(found)
    tail = [f"and {more} more in qa.json"] if more > 0 else []
    seconds = f"{event.get('after_stop_s', 0.0):.1f} s after the stop"
    return "; ".join([f"{head} ({seconds})", *found, *tail])
