"""Rig check: may this rig move and record? Exit code 0 when it may, 1 when it may not.

Asks the rig that runs on this ROS domain; when none runs, starts its devices for the check.
Simulated arms make a small test motion; others only with --motion: then stand clear. A motion that
passed counts for `check.max_age_s` (24 h). With --only or --no-motion the exit code tells of the
checks that ran, and nothing changes for recording.

example: teleop-collect check --rig sim_tabletop --report check.html
example: teleop-collect check --rig sim_tabletop --only stream_rates,disk_space --json
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teleop_collect import topics
from teleop_collect.cli.check_answers import asked_poses, parsed_report
from teleop_collect.cli.device_reports import DeviceReports
from teleop_collect.cli.output import print_json, print_table
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD, CheckFailed, ConfigError
from teleop_collect.rig.checks.motion_gate import MOTION, moves_by_itself
from teleop_collect.rig.checks.run import CHECKS, NAMES, QUICK
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.processes import CHECK_ROLES, processes_of

if TYPE_CHECKING:
    from teleop_collect.nodes.rig_client import RigClient

FIND_RUNNING_S = 4.0
CHECK_TIMEOUT_S = 120.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("--rig", help="shipped rig or path of a rig file")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
    parser.add_argument("--only", default="", metavar="NAMES", help="these checks, by commas")
    parser.add_argument("--list", action="store_true", help="list all checks and stop")
    parser.add_argument(
        "--quick", action="store_true", help="what can change between sessions, in 5 s"
    )
    parser.add_argument("--report", type=Path, metavar="HTML", help="also write a page to read")
    parser.add_argument(
        "--motion",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="move each joint a little (default: simulated arms only), or leave out what needs it",
    )
    parser.add_argument(
        "--poses", action="store_true", help="compare leader and follower in two postures by hand"
    )
    parser.add_argument(
        "--save-baseline", action="store_true", help="keep how the rig looks now for later checks"
    )


def run(args: argparse.Namespace) -> int:
    """Run the check and print its report."""
    if args.list:
        return _list(as_json=args.json)
    if args.rig is None:
        raise ConfigError("check needs --rig; the shipped rigs stand in config/rigs")
    chosen = _chosen(args)
    loaded = load_rig(args.rig)
    devices = DeviceReports(ignored=frozenset({"rig_check"}))
    with ExitStack() as stack:
        client = _join_or_start(stack, loaded, devices)
        if args.save_baseline:
            return _save_baseline(client)
        report = _report(client, loaded, args, chosen)
    report["devices"] = devices.texts
    if args.json:
        print_json(report)
    else:
        _print(report)
    return EXIT_GOOD if report["result"] == "pass" and report["gate"] is None else EXIT_BAD


def _chosen(args: argparse.Namespace) -> list[str]:
    """Names of the checks to run; none for all of them.

    Raises:
        ConfigError: an unknown name, or options that contradict each other.
    """
    only = [name.strip() for name in args.only.split(",") if name.strip()]
    if unknown := sorted(set(only) - set(NAMES)):
        raise ConfigError(f"no check {', '.join(unknown)}; `check --list` names all")
    if args.quick and (only or args.motion is not None or args.poses):
        raise ConfigError("--quick is a choice of checks itself; leave the other choices out")
    if args.motion is False:
        only = [name for name in only or NAMES if name not in MOTION]
        if not only:
            raise ConfigError("--no-motion leaves nothing of --only; drop one of them")
    return only


def _list(*, as_json: bool) -> int:
    rows = [
        {
            "check": check.name,
            "severity": check.severity,
            "quick": check.name in QUICK,
            "motion": check.name in MOTION,
            "about": _first_line(check),
        }
        for check in CHECKS
    ]
    if as_json:
        print_json(rows)
    else:
        columns = ("check", "severity", "quick", "motion", "about")
        texts = [tuple(_word(row[column]) for column in columns) for row in rows]
        print_table(f"{len(rows)} checks", columns, texts)
    return EXIT_GOOD


def _first_line(check: object) -> str:
    module = sys.modules[type(check).__module__]
    return (module.__doc__ or "").splitlines()[0].removeprefix("Check: ").removesuffix(".")


def _word(value: object) -> str:
    return (
        {True: "yes", False: ""}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )


def _join_or_start(stack: ExitStack, loaded: LoadedRig, devices: DeviceReports) -> "RigClient":
    client = stack.enter_context(connect_client())
    if client.appears(topics.RIG_CHECK_RUN, FIND_RUNNING_S):
        return client
    stack.pop_all().close()
    logs = stack.enter_context(tempfile.TemporaryDirectory(prefix="teleop_collect-"))
    options = SessionOptions(root=Path(logs), echo=devices.hear)
    processes = processes_of(loaded, CHECK_ROLES)
    session = stack.enter_context(RigSession(loaded, options, processes))
    client = stack.enter_context(connect_client())
    session.wait_ready(client, topics.RIG_CHECK_RUN)
    return client


def _report(
    client: "RigClient", loaded: LoadedRig, args: argparse.Namespace, only: list[str]
) -> dict[str, Any]:
    if args.poses:
        asked_poses(client)
    motion = moves_by_itself(loaded.rig) if args.motion is None else args.motion
    page = "" if args.report is None else str(args.report.expanduser().absolute())
    service = topics.RIG_CHECK_QUICK if args.quick else topics.RIG_CHECK_RUN
    client.set_parameters("rig_check", {"motion": motion, "only": ",".join(only), "page": page})
    try:
        return parsed_report(client.trigger(service, CHECK_TIMEOUT_S))
    finally:
        client.set_parameters("rig_check", {"motion": False, "only": "", "page": ""})


def _save_baseline(client: "RigClient") -> int:
    answer = client.trigger(topics.RIG_CHECK_SAVE_BASELINE, CHECK_TIMEOUT_S)
    if not answer.success:
        raise CheckFailed(answer.message)
    print(f"baseline: {answer.message}")
    return EXIT_GOOD


def _print(report: dict[str, Any]) -> None:
    rows = [
        (
            "ok" if r["passed"] else r["severity"].upper(),
            r["check"],
            _quantity(r["measured"], r["unit"]),
            _quantity(r["limit"], r["unit"]),
            r["message"],
            "" if r["passed"] else r["todo"],
        )
        for r in report["results"]
    ]
    columns = ("", "check", "measured", "limit", "found", "what to do")
    print_table(f"rig check: {report['result']}", columns, rows)
    for text in report["devices"]:
        print(text)
    if report["gate"] is not None and report["result"] == "pass":
        print(f"not yet allowed to move and record: {report['gate']}")


def _quantity(value: object, unit: str) -> str:
    """A number as short as it can be told, with its unit; "" where there is none."""
    if value is None:
        return ""
    number = f"{value:.6g}" if isinstance(value, int | float) else str(value)
    return f"{number} {unit}".rstrip() if number != "unknown" else number
