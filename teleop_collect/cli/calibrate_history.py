"""`calibrate history`: every calibration of a rig, and how its values drift over time."""

import argparse
from typing import Any

from teleop_collect.cli.output import print_json, print_table
from teleop_collect.errors import EXIT_GOOD
from teleop_collect.rig.calibration.drift import Course, courses
from teleop_collect.rig.calibration.history_page import history_page
from teleop_collect.rig.calibration.store import calibration_folder, load_calibrations
from teleop_collect.rig.load import LoadedRig, load_rig

SPARK = "▁▂▃▄▅▆▇█"


def run(args: argparse.Namespace) -> int:
    """Print the history; write the page where one was asked for."""
    loaded = load_rig(args.rig)
    found = courses(loaded)
    problems = load_calibrations(loaded).problems
    if args.html is not None:
        args.html.expanduser().write_text(history_page(loaded.rig.name, found), encoding="utf-8")
    if args.json:
        print_json(_document(loaded, found, problems))
        return EXIT_GOOD
    rows = [_row(course, name) for course in found for name in course.names]
    print_table(
        f"calibrations of {loaded.rig.name} in {calibration_folder(loaded)}",
        ("kind", "device", "files", "last made", "serial", "value", "last", "drift", "course"),
        rows,
    )
    for problem in problems:
        print(f"refused: {problem}")
    if args.html is not None:
        print(f"plots: {args.html}")
    return EXIT_GOOD


def _document(
    loaded: LoadedRig, found: tuple[Course, ...], problems: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "rig": loaded.rig.name,
        "folder": str(calibration_folder(loaded)),
        "refused": list(problems),
        "devices": [
            {
                "kind": course.kind,
                "device": course.device,
                "calibrations": [
                    {
                        "version": c.version,
                        "made": c.made,
                        "operator": c.operator,
                        "serials": c.serials,
                        "sha256": c.sha256,
                        "residuals": c.residuals,
                        "values": c.values.model_dump(mode="json"),
                    }
                    for c in course.calibrations
                ],
                "drift": {name: course.drift(name) for name in course.names},
            }
            for course in found
        ],
    }


def _row(course: Course, name: str) -> tuple[object, ...]:
    last = course.calibrations[-1]
    values = course.values(name)
    return (
        course.kind, course.device, len(course.calibrations), last.made[:16],
        last.serials.get(course.device, ""), name, f"{values[-1]:.5g}",
        f"{course.drift(name):+.3g}", _spark(values),
    )  # fmt: skip


def _spark(values: list[float]) -> str:
    low, high = min(values), max(values)
    if high == low:
        return SPARK[0] * len(values)
    return "".join(SPARK[round((v - low) / (high - low) * (len(SPARK) - 1))] for v in values)
