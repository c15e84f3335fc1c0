"""Rig check: may this rig move and record? Exit code 0 when it passes, 1 when it does not.

Asks the rig that runs on this ROS domain; when none runs, starts its devices for the check.

example: teleop-collect check --rig sim_tabletop --json
"""

import argparse
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from teleop_collect import topics
from teleop_collect.cli.device_reports import DeviceReports
from teleop_collect.cli.output import print_json, print_table
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.errors import EXIT_BAD, EXIT_GOOD
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.processes import CHECK_ROLES, processes_of

FIND_RUNNING_S = 4.0
CHECK_TIMEOUT_S = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("--rig", required=True, help="shipped rig or path of a rig file")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")


def run(args: argparse.Namespace) -> int:
    """Run the check and print its report."""
    devices = DeviceReports(ignored=frozenset({"rig_check"}))
    report = _report(load_rig(args.rig), devices)
    report["devices"] = devices.texts
    if args.json:
        print_json(report)
    else:
        _print(report)
    return EXIT_GOOD if report["result"] == "pass" else EXIT_BAD


def _report(loaded: LoadedRig, devices: DeviceReports) -> dict[str, Any]:
    with ExitStack() as stack:
        client = stack.enter_context(connect_client())
        if not client.appears(topics.RIG_CHECK_RUN, FIND_RUNNING_S):
            stack.pop_all().close()
            logs = stack.enter_context(tempfile.TemporaryDirectory(prefix="teleop_collect-"))
            options = SessionOptions(root=Path(logs), echo=devices.hear)
            processes = processes_of(loaded, CHECK_ROLES)
            session = stack.enter_context(RigSession(loaded, options, processes))
            client = stack.enter_context(connect_client())
            session.wait_ready(client, topics.RIG_CHECK_RUN)
        answer = client.trigger(topics.RIG_CHECK_RUN, CHECK_TIMEOUT_S)
    report: dict[str, Any] = json.loads(answer.message)
    return report


def _print(report: dict[str, Any]) -> None:
    rows = [
        (
            "ok" if r["passed"] else r["severity"].upper(),
            r["check"],
            r["message"],
            "" if r["passed"] else r["todo"],
        )
        for r in report["results"]
    ]
    print_table(f"rig check: {report['result']}", ("", "check", "found", "what to do"), rows)
    for text in report["devices"]:
        print(text)
