import io
from typing import Any, NamedTuple

from teleop_collect import topics
from teleop_collect.cli.operator_terminal import CONFIRM_S, OperatorTerminal, described
from teleop_collect.cli.status_line import StatusLine


class Answer(NamedTuple):
    success: bool
    message: str


class RigAtHand:
    """Answers as a recorder does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.waiting: list[dict[str, Any]] = []
        self.statuses: dict[str, dict[str, str]] = {}
        self.arms = {"teleop: main": "DISARMED"}
        self.refusal = "not aligned"
        self.episode: dict[str, Any] = {
            "state": "idle",
            "next_task_id": "pick_cube",
            "episodes": 4,
            "target_episodes": 50,
        }

    def state(self, topic: str) -> dict[str, Any]:
        return self.episode if topic == topics.EPISODE else {}

    def events(self) -> list[dict[str, Any]]:
        found, self.waiting = self.waiting, []
        return found

    def diagnostics(self) -> dict[str, dict[str, str]]:
        return self.statuses

    def teleop_states(self) -> dict[str, str]:
        return self.arms

    def trigger(self, service: str, timeout_s: float = 10.0) -> Answer:
        self.asked.append(service)
        if service == topics.TELEOP_STOP:
            self.arms = dict.fromkeys(self.arms, "FAULT")
        if service == topics.START_EPISODE:
            self.episode["state"] = "recording"
        if service == topics.STOP_EPISODE:
            self.episode |= {"state": "idle", "episodes": self.episode["episodes"] + 1}
        return Answer(True, "done")

    def set_bool(self, service: str, value: bool, timeout_s: float = 10.0) -> Answer:
        self.asked.append((service, value))
        if service != topics.TELEOP_ENGAGE:
            return Answer(True, "done")
        if value and self.refusal:
            return Answer(False, self.refusal)
        self.arms = dict.fromkeys(self.arms, "ENGAGED" if value else "DISARMED")
        return Answer(True, "done")

    def set_parameters(self, node: str, values: dict[str, Any], timeout_s: float = 10.0) -> None:
        self.asked.append((node, values))


class Lines(StatusLine):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.status = ""

    def say(self, line: str) -> None:
        self.said.append(line)

    def show(self, text: str) -> None:
        self.status = text


class Session:
    def __init__(self) -> None:
        self.rig = RigAtHand()
        self.screen = Lines()
        self.lines = self.screen.said
        self.now_s = 100.0
        self.terminal = OperatorTerminal(self.rig, self.screen, lambda: self.now_s)

    def press(self, keys: str) -> list[str]:
        self.lines.clear()
        for key in keys:
            self.terminal.press(key)
        return list(self.lines)


def test_space_starts_and_stops_and_counts_towards_the_target() -> None:
    session = Session()
    assert session.press(" ") == ["start: done"]
    assert session.press(" ") == ["stop: done", "pick_cube: 5 of 50 episodes"]
    session.rig.episode["target_episodes"] = None
    assert session.press("  ")[-1] == "pick_cube: 6 episodes"
    assert session.rig.asked[:2] == [topics.START_EPISODE, topics.STOP_EPISODE]


def test_discard_and_undo_need_the_same_key_twice_in_time() -> None:
    session = Session()
    assert session.press("d") == ["discard: press again within 3 s to confirm"]
    assert session.rig.asked == []
    assert session.press("u") == ["undo: press again within 3 s to confirm"]
    assert session.rig.asked == []
    session.now_s += CONFIRM_S + 0.1
    session.press("u")
    assert session.rig.asked == []
    session.now_s += CONFIRM_S
    session.press("u")
    assert session.rig.asked == [topics.UNDO_EPISODE]
    session.press("u")
    assert session.rig.asked == [topics.UNDO_EPISODE]
    session.press("dd")
    assert session.rig.asked[-1] == topics.DISCARD_EPISODE


def test_practice_is_switched_between_episodes_only() -> None:
    session = Session()
    assert session.press("p") == ["practice: on, nothing is recorded"]
    assert session.rig.asked == [("recorder", {"practice": True})]
    session.press(" ")
    assert session.press("p") == ["practice: refused: stop the episode first"]
    session.press(" ")
    assert session.press("p") == ["practice: off"]


def test_what_goes_wrong_is_said_without_a_key_and_once() -> None:
    session = Session()
    session.rig.waiting = [
        {"kind": "silent", "topic": "/a", "silent_ms": 510.25, "at_ns": 1, "episode_id": "x"},
        {"kind": "label", "success": True},
        {"kind": "fault", "message": "disk nearly full"},
    ]
    session.lines.clear()
    assert session.terminal.press("")
    assert session.lines == ["! silent: /a silent_ms 510.25", "! fault: disk nearly full"]
    session.lines.clear()
    session.terminal.press("")
    assert session.lines == []


def test_refusals_and_labels_and_the_end() -> None:
    session = Session()
    assert session.press("e") == ["engage: refused: not aligned"]
    assert session.press("es") == ["engage: refused: not aligned", "success: done"]
    assert session.rig.asked[-1] == (topics.LABEL_SUCCESS, True)
    assert not session.terminal.press("q")


def test_the_key_for_engaging_goes_by_what_teleoperation_says() -> None:
    session = Session()
    session.rig.refusal = ""
    assert session.press("ee") == ["engage: done", "disarm: done"]
    # Somebody else engaged, or this terminal was started again meanwhile.
    session.rig.arms = {"teleop: left": "DISARMED", "teleop: right": "HOLD"}
    assert session.press("e") == ["disarm: done"]


def test_a_stop_is_latched_and_the_next_two_keys_clear_it_and_engage() -> None:
    session = Session()
    session.rig.refusal = ""
    assert session.press("x") == ["stop: done"]
    assert session.rig.asked == [topics.TELEOP_STOP]
    assert session.press("ee") == ["disarm, fault cleared: done", "engage: done"]


def test_a_failure_is_labelled_at_once_and_again_with_its_reason() -> None:
    session = Session()
    assert session.press("f") == ["failure: done"]
    assert session.screen.status.startswith("why did it fail? (Enter ends")
    assert session.press("slippex\x7fd \r") == ["failure (slipped): done"]
    label = (topics.LABEL_SUCCESS, False)
    assert session.rig.asked == [
        label,
        ("recorder", {"label_reason": "slipped"}),
        label,
        ("recorder", {"label_reason": ""}),
    ]
    assert session.screen.status == ""
    session.rig.asked.clear()
    assert session.press("f\x1bf\r") == ["failure: done", "failure: done"]
    assert session.rig.asked == [label, label]


def test_while_a_line_is_typed_letters_are_text_and_the_stop_has_a_key_of_its_own() -> None:
    session = Session()
    assert session.press("nexq\x18") == ["stop: done"]
    assert session.rig.asked == [topics.TELEOP_STOP]
    assert session.press("\r") == ["notes: exq"]
    assert session.rig.asked[-1] == ("recorder", {"notes": "exq"})
    assert session.press("e") == ["disarm, fault cleared: done"]


def test_the_verdict_and_reached_steps_are_told_in_one_line():
    verdict = {
        "kind": "verdict",
        "verdict": "fail",
        "findings": 3,
        "messages": ["a gap of 0.4 s", "12 images lost"],
        "after_stop_s": 1.26,
    }
    assert described(verdict) == (
        "verdict: FAIL (1.3 s after the stop); a gap of 0.4 s; 12 images lost;"
        " and 1 more in qa.json"
    )
    good = {"kind": "verdict", "verdict": "pass", "findings": 0, "messages": []}
    assert described({**good, "after_stop_s": 0.8}) == "verdict: PASS (0.8 s after the stop)"
    assert described({"kind": "step", "step": "lift", "reached_s": 5.44}) == (
        "step lift reached after 5.4 s"
    )


STREAMS = {
    "recorder: episode": {"message": "recording", "queue_bytes": "0"},
    "recorder: /a": {"message": "ok", "hz": "199.96", "received": "400", "lost_transport": "3",
                     "dropped_queue": "0", "gaps": "1", "max_gap_ms": "20.5"},
    "recorder: /b": {"message": "silent", "hz": "0.0", "received": "7",
                     "lost_transport": "unknown", "dropped_queue": "2", "gaps": "unknown"},
}  # fmt: skip


def test_the_ledger_is_shown_while_an_episode_is_recorded_and_only_then() -> None:
    session = Session()
    session.rig.statuses = STREAMS
    session.terminal.press("")
    assert session.screen.status == ""
    session.press(" ")
    assert session.screen.status == (
        "recording:  received 407  lost 3 (+ 1 unknown)  dropped 2  gaps 1 (+ 1 unknown)"
        "  ! /b silent"
    )
    session.press(" ")
    assert session.screen.status == ""


def test_a_key_tells_the_ledger_of_every_stream() -> None:
    session = Session()
    session.rig.statuses = STREAMS
    session.terminal.press("")
    assert session.press("l") == [
        "stream     hz  received  lost_transport  dropped_queue     gaps  max_gap_ms",
        "/a      200.0       400               3              0        1        20.5",
        "/b        0.0         7         unknown              2  unknown           -",
    ]


def test_lines_are_printed_above_the_status_of_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    lines = StatusLine(screen)
    lines.show("status")
    lines.say("line")
    lines.show("")
    assert screen.getvalue() == "\r\x1b[2Kstatus\r\x1b[2Kline\nstatus\r\x1b[2K"


def test_without_a_terminal_there_are_lines_only() -> None:
    screen = io.StringIO()
    lines = StatusLine(screen)
    lines.show("status")
    lines.say("line")
    assert screen.getvalue() == "line\n"
