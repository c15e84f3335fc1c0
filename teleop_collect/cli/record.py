"""The operator's terminal: record episodes with a few keys.

Joins the rig that runs on this ROS domain (`ros2 launch` or `teleop-collect up`); when none runs,
starts the rig's graph itself and stops it at the end.

keys: space start / stop     s success     f failure, and why     n notes of the next episodes
      d discard (twice)      u undo the last      p practice on / off (nothing is recorded)
      e engage, or disarm and clear a fault       r reset scene (simulated rig)     q quit
      x software stop (not a certified safety function)     l ledger of every stream

example: teleop-collect record --rig sim_tabletop --task pick_cube
"""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from teleop_collect import topics
from teleop_collect.cli.keys import read_keys
from teleop_collect.cli.operator_terminal import KEYS, OperatorTerminal
from teleop_collect.cli.session import (
    RigSession,
    SessionOptions,
    connect_client,
    run_rig_check,
    usable_root,
)
from teleop_collect.errors import EXIT_GOOD, ConfigError
from teleop_collect.rig.checks.override import parsed_override
from teleop_collect.rig.load import LoadedRig, load_rig

if TYPE_CHECKING:
    from teleop_collect.nodes.rig_client import RigClient

FIND_RUNNING_S = 4.0
CHECK_ATTEMPTS = 2
"""The quick check, and the whole one when that does not pass."""
TICK_S = 0.1
"""How often events are looked for while no key is pressed."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("--rig", required=True, help="shipped rig or path of a rig file")
    parser.add_argument("--task", required=True, help="a task of the rig file")
    parser.add_argument("--operator", default="", help="pseudonym (default: the rig file's)")
    parser.add_argument("--notes", default="", help="free text kept with each episode")
    parser.add_argument("--root", help="where episodes go (default: the rig file's)")
    parser.add_argument(
        "--override-check",
        default="",
        metavar="'NAME: REASON'",
        help="record without a valid rig check; name and reason stand in every manifest",
    )


def run(args: argparse.Namespace) -> int:
    """Serve keys until q or the end of input."""
    loaded = load_rig(args.rig)
    if args.task not in loaded.rig.tasks:
        known = ", ".join(sorted(loaded.rig.tasks))
        raise ConfigError(f"task {args.task!r} is not in {loaded.path}; it has: {known}")
    if not sys.stdin.isatty():
        raise ConfigError("record needs a terminal for its keys; from programs, call the services")
    with ExitStack() as stack:
        client = _join_or_start(stack, loaded, args.root)
        _pass_gate(client, args.override_check)
        values = {"task": args.task, "operator": args.operator, "notes": args.notes}
        client.set_parameters("recorder", {**values, "practice": False})
        print(KEYS)
        terminal = OperatorTerminal(client)
        for key in read_keys(TICK_S):
            if not terminal.press(key):
                break
    return EXIT_GOOD


def _pass_gate(client: "RigClient", override: str) -> None:
    """Check the rig, or go on without, by a person's name and reason.

    Raises:
        CheckFailed: the check did not pass and nobody overrides it.
        ConfigError: the override lacks name or reason.
    """
    if parsed_override(override) is None:
        run_rig_check(client, attempts=CHECK_ATTEMPTS)
    for node in ("recorder", "teleop"):
        client.set_parameters(node, {"check_override": override})


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
