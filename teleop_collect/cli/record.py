"""The operator's terminal: record episodes with a few keys.

Joins the rig that runs on this ROS domain (`ros2 launch` or `teleop-collect up`); when none runs,
starts the rig's graph itself and stops it at the end.

keys: space start / stop     s success     f failure     d discard     r reset scene (simulated rig)
      e engage / disarm      x software stop (not a certified safety function)     q quit

example: teleop-collect record --rig sim_tabletop --task pick_cube
"""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from teleop_collect import topics
from teleop_collect.cli.keys import read_keys
from teleop_collect.cli.session import (
    RigSession,
    SessionOptions,
    connect_client,
    run_rig_check,
    usable_root,
)
from teleop_collect.errors import EXIT_GOOD, ConfigError
from teleop_collect.rig.load import LoadedRig, load_rig

if TYPE_CHECKING:
    from teleop_collect.nodes.rig_client import Answer, RigClient

FIND_RUNNING_S = 4.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("--rig", required=True, help="shipped rig or path of a rig file")
    parser.add_argument("--task", required=True, help="a task of the rig file")
    parser.add_argument("--operator", default="", help="pseudonym (default: the rig file's)")
    parser.add_argument("--notes", default="", help="free text kept with each episode")
    parser.add_argument("--root", help="where episodes go (default: the rig file's)")


def run(args: argparse.Namespace) -> int:
    """Read keys until q."""
    loaded = load_rig(args.rig)
    if args.task not in loaded.rig.tasks:
        known = ", ".join(sorted(loaded.rig.tasks))
        raise ConfigError(f"task {args.task!r} is not in {loaded.path}; it has: {known}")
    if not sys.stdin.isatty():
        raise ConfigError("record needs a terminal for its keys; from programs, call the services")
    with ExitStack() as stack:
        client = _join_or_start(stack, loaded, args.root)
        run_rig_check(client)
        values = {"task": args.task, "operator": args.operator, "notes": args.notes}
        client.set_parameters("recorder", values)
        OperatorTerminal(client).run()
    return EXIT_GOOD


def _join_or_start(stack: ExitStack, loaded: LoadedRig, root: str | None) -> "RigClient":
    client = stack.enter_context(connect_client(tuple(loaded.rig.objects)))
    if client.appears(topics.START_EPISODE, FIND_RUNNING_S):
        return client
    stack.pop_all().close()
    folder = usable_root(root or loaded.rig.recording.root)
    session = stack.enter_context(RigSession(loaded, SessionOptions(root=Path(folder))))
    client = stack.enter_context(connect_client(tuple(loaded.rig.objects)))
    for service in (topics.START_EPISODE, topics.TELEOP_ENGAGE, topics.RIG_CHECK_RUN):
        session.wait_ready(client, service)
    return client


class OperatorTerminal:
    """Turns keys into service calls and says what happened."""

    def __init__(self, client: "RigClient") -> None:
        self._client = client
        self._saved = 0
        self._engaged = False

    def run(self) -> None:
        """Serve keys until q or the end of input."""
        print(__doc__.split("\n\n")[2])
        actions = {
            " ": self._toggle,
            "s": lambda: self._label(True),
            "f": lambda: self._label(False),
            "d": lambda: self._say("discard", self._client.trigger(topics.DISCARD_EPISODE)),
            "r": lambda: self._say("reset", self._client.trigger(topics.SIM_RESET)),
            "e": self._engage,
            "x": lambda: self._say("stop", self._client.trigger(topics.TELEOP_STOP)),
        }
        for key in read_keys():
            if key == "q":
                return
            if key in actions:
                actions[key]()

    @property
    def _recording(self) -> bool:
        return self._client.state(topics.EPISODE).get("state") == "recording"

    def _toggle(self) -> None:
        if not self._recording:
            self._say("start", self._client.trigger(topics.START_EPISODE))
            return
        answer = self._client.trigger(topics.STOP_EPISODE)
        self._saved += answer.success
        self._say(f"stop ({self._saved} saved)", answer)

    def _engage(self) -> None:
        wanted = not self._engaged
        answer = self._client.set_bool(topics.TELEOP_ENGAGE, wanted)
        self._engaged = wanted and answer.success
        self._say("engage" if wanted else "disarm", answer)

    def _label(self, success: bool) -> None:
        word = "success" if success else "failure"
        self._say(word, self._client.set_bool(topics.LABEL_SUCCESS, success))

    @staticmethod
    def _say(what: str, answer: "Answer") -> None:
        print(f"{what}: {'' if answer.success else 'refused: '}{answer.message}")
