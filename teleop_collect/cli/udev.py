"""Rules for the attached devices: access without root, stable port names, 1 ms latency timer.

`print` writes the rules on stdout. `install` shows the file, where it goes and what will run; with
--yes it does so if this user may, and never calls sudo itself. With a rig file, each servo adapter
is found by its serial number and linked under the name of the rig file's port.

Exit code: 0 done, 1 nothing attached or one of the rig's adapters is not, 2 not written.

Example: teleop-collect udev install --rig my_rig.yaml
"""

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from teleop_collect.cli.output import print_json
from teleop_collect.devices.udev.attached import SYSFS
from teleop_collect.devices.udev.install import (
    RULES_DIR,
    UDEVADM,
    RulesFile,
    reload_udev,
    rules_path,
    sudo_command,
    write_rules,
)
from teleop_collect.devices.udev.survey import Survey, survey
from teleop_collect.errors import EXIT_GOOD
from teleop_collect.rig.load import load_rig


def configure(parser: argparse.ArgumentParser) -> None:
    """Add sub-commands and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_action(actions, "print", "rules for the attached devices, on stdout", run_print)
    install = _add_action(actions, "install", "show what would be done; --yes does it", run_install)
    install.add_argument("--yes", action="store_true", help="write the file and reload udev")
    install.add_argument(
        "--rules-dir", type=Path, default=RULES_DIR, metavar="DIR", help=f"default: {RULES_DIR}"
    )


def run(args: argparse.Namespace) -> int:
    """Run the action that was chosen."""
    return int(args.run_action(args))


def run_print(args: argparse.Namespace) -> int:
    """Print the rules."""
    found = _survey(args)
    if args.json:
        print_json(found.facts())
    else:
        sys.stdout.write(found.rules)
        _print_notes(found)
    return EXIT_GOOD


def run_install(args: argparse.Namespace) -> int:
    """Show what would be done, or do it."""
    found = _survey(args)
    file = RulesFile(rules_path(args.rules_dir, found.rig_name), found.rules)
    by_hand = sudo_command(_print_command(args), file.path)
    changes = not file.is_current
    if args.yes and changes:
        write_rules(file, by_hand)
        reload_udev()
    outcome = {
        "path": str(file.path),
        "changes": changes,
        "written": args.yes and changes,
        "commands": [shlex.join(command) for command in UDEVADM],
        "by_hand": by_hand,
    }
    if args.json:
        print_json(found.facts() | outcome)
    else:
        _print_outcome(file, by_hand, changes, args.yes)
        _print_notes(found)
    return EXIT_GOOD


def _add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    run_action: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=text, description=text)
    action.epilog = f"Example: teleop-collect udev {name} --rig my_rig.yaml"
    action.add_argument("--rig", help="shipped rig or path of a rig file: names its adapters")
    action.add_argument("--json", action="store_true", help="print devices and rules as JSON")
    action.add_argument(
        "--sysfs", type=Path, default=SYSFS, metavar="DIR", help=f"default: {SYSFS}"
    )
    action.set_defaults(run_action=run_action)
    return action


def _survey(args: argparse.Namespace) -> Survey:
    rig = load_rig(args.rig).rig if args.rig else None
    return survey(rig, args.sysfs)


def _print_command(args: argparse.Namespace) -> list[str]:
    command = ["teleop-collect", "udev", "print"]
    command += ["--rig", args.rig] if args.rig else []
    return command + (["--sysfs", str(args.sysfs)] if args.sysfs != SYSFS else [])


def _print_outcome(file: RulesFile, by_hand: str, changes: bool, yes: bool) -> None:
    if not changes:
        print(f"{file.path} is up to date; nothing to do.")
    elif yes:
        print(f"Wrote {file.path} and reloaded udev.")
    else:
        print(f"Nothing is changed yet. {file.path} would become:\n")
        print(file.text)
        print("then these would run:")
        for command in UDEVADM:
            print(f"  {shlex.join(command)}")
        print("\nTo do so: the same command with --yes as root, or\n  " + by_hand)


def _print_notes(found: Survey) -> None:
    for note in found.notes():
        print(f"note: {note}", file=sys.stderr)
