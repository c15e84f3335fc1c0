"""The `teleop-collect` command: picks the verb, runs it, and turns errors into exit codes.

A verb is one module of this package with `configure(parser)` and `run(args) -> int`; it is
imported only when it is called, so `--help` is fast and a missing extra hurts only its own verb.
"""

import argparse
import importlib
import sys
from dataclasses import dataclass

from teleop_collect import __version__
from teleop_collect.errors import EXIT_USAGE, TeleopCollectError


@dataclass(frozen=True)
class Verb:
    """One verb: its name, its module in this package and one line of help."""

    name: str
    module: str
    help: str


VERBS = (
    Verb("demo", "demo", "record, check and export labelled episodes on the simulated rig"),
    Verb("up", "up", "start a rig's nodes"),
    Verb("check", "check", "rig check: may this rig record?"),
    Verb("calibrate", "calibrate", "calibrate arms, cameras, wrench and latency"),
    Verb("record", "record", "operator's terminal: start, stop, label, discard"),
    Verb("episodes", "episodes", "list and show recorded episodes"),
    Verb("qa", "qa", "verdicts and report for episodes"),
    Verb("export", "export", "write training formats"),
    Verb("view", "view", "open an episode in Rerun"),
    Verb("replay", "replay", "publish an episode again"),
    Verb("salvage", "salvage", "recover an interrupted episode"),
    Verb("verify", "verify", "check an episode's integrity"),
    Verb("udev", "udev", "rules that let a person use the attached devices"),
)


def build_parser(selected: str | None) -> argparse.ArgumentParser:
    """Parser of all verbs; only the selected verb's options are loaded."""
    parser = argparse.ArgumentParser(
        prog="teleop-collect",
        description="Record robot demonstrations that can be trusted.",
        epilog="Example: teleop-collect demo --episodes 3",
    )
    parser.add_argument("--version", action="version", version=f"teleop-collect {__version__}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS:
        sub = subparsers.add_parser(
            verb.name, help=verb.help, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if verb.name == selected:
            module = importlib.import_module(f"teleop_collect.cli.{verb.module}")
            sub.description = module.__doc__
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program name; those of the process when None.

    Returns:
        The exit code (see `teleop_collect.errors`).
    """
    arguments = sys.argv[1:] if argv is None else argv
    selected = next((a for a in arguments if not a.startswith("-")), None)
    try:
        args = build_parser(selected).parse_args(arguments)
        return int(args.run(args))
    except TeleopCollectError as error:
        print(f"teleop-collect: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("teleop-collect: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"teleop-collect: {error}", file=sys.stderr)
        return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
