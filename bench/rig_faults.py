"""Does the rig check find every planted fault by name, and pass a clean rig?

The devices of a simulated rig run once, with an emulated leader bus. The clean rig is checked
again and again, moving; then each fault is planted in turn, live where possible, and taken away,
and the rig must be clean again. The two faults of the disk are judged in this process, with the
same checks.

    python bench/rig_faults.py [--clean 50] [--rounds 1] [--only NAME]
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from report import Report
from rig_under_test.disk import disk_faults
from rig_under_test.faults import FAULTS, Fault
from rig_under_test.running import RunningRig, running_rig

MACHINE = frozenset({"clock_sync", "shared_memory", "socket_buffers", "control_rate"})
"""Warnings about the machine that this runs on, which is not the rig under test."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=int, default=50, help="checks of the clean rig")
    parser.add_argument("--rounds", type=int, default=1, help="times that each fault is planted")
    parser.add_argument("--only", default="", help="faults whose name holds this text")
    args = parser.parse_args()
    report = Report("rig_faults")
    faults = [fault for fault in FAULTS if args.only in fault.name]
    with (
        tempfile.TemporaryDirectory(prefix="rig_faults-") as folder,
        running_rig(Path(folder)) as rig,
    ):
        _durations(report, rig)
        _clean(report, rig, args.clean)
        planted = [_plant(report, rig, fault) for _ in range(args.rounds) for fault in faults]
        found = [detected for detected, _ in planted]
        left = [name for _, names in planted for name in names]
        report.row(
            "clean rig after each fault", runs=len(planted), alarms=", ".join(left) or "none"
        )
        clean = sum(not names for _, names in planted)
        report.at_least("clean_after_fault_percent", 100 * clean / max(len(planted), 1), 98.0)
        found += [_judge(report, *fault) for fault in disk_faults(rig.loaded, Path(folder))]
    report.at_least("kinds_planted", len(faults) + 2, 20)
    report.at_least("detected_by_name_percent", 100 * sum(found) / len(found), 95.0)
    return report.finish()


def _durations(report: Report, rig: RunningRig) -> None:
    whole, quick = rig.check(motion=True), rig.check(quick=True)
    print(f"first: {_alarms(whole)} {_alarms(quick)}", flush=True)
    report.row("whole check with motion", seconds=whole["seconds"], result=whole["result"])
    report.row("quick check", seconds=quick["seconds"], result=quick["result"])
    report.at_most("whole_check_s", whole["seconds"], 60.0)
    report.at_most("quick_check_s", quick["seconds"], 5.0)


def _clean(report: Report, rig: RunningRig, count: int) -> None:
    """Every run moves the arm."""
    alarms: Counter[str] = Counter()
    passed = good = 0
    for index in range(count):
        checked = rig.check(motion=True)
        found = _alarms(checked)
        alarms.update(set(found))
        passed += checked["result"] == "pass"
        good += not found
        for name, message in found.items():
            print(f"false alarm in run {index}: {name}: {message}", flush=True)
    if count:
        text = ", ".join(sorted(alarms)) or "none"
        report.row("clean rig", runs=count, passed=passed, alarms=text)
        report.at_least("clean_runs_passed_percent", 100 * passed / count, 100.0)
        report.at_most("false_alarms_percent", 100 * (count - good) / count, 2.0)


def _alarms(checked: dict[str, Any]) -> dict[str, str]:
    return {
        r["check"]: r["message"]
        for r in checked["results"]
        if not r["passed"] and r["severity"] != "info" and r["check"] not in MACHINE
    }


def _plant(report: Report, rig: RunningRig, fault: Fault) -> tuple[bool, list[str]]:
    """Whether it was found, and what is still found when it has been taken away."""
    with fault.planted(rig):
        checked = rig.check(motion=fault.motion)
    detected = _judge(report, fault.name, fault.check, _alarms(checked))
    left = _alarms(rig.check())
    for name, message in left.items():
        print(f"false alarm after {fault.name}: {name}: {message}", flush=True)
    return detected, sorted(left)


def _judge(report: Report, name: str, check: str, alarms: dict[str, str]) -> bool:
    detected = check in alarms
    others = ", ".join(sorted(set(alarms) - {check})) or "none"
    report.row(name, check=check, detected="yes" if detected else "NO", also=others)
    print(f"{'found' if detected else 'MISSED'}: {name}: {alarms.get(check, alarms)}", flush=True)
    return detected


if __name__ == "__main__":
    raise SystemExit(main())
