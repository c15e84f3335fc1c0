"""The page as a whole: verdict, table of checks, then what was seen."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import DeviceError
from teleop_collect.pages.html import Html, badge, page, table, text
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.page.arms import arms_section
from teleop_collect.rig.checks.page.cameras import cameras_section
from teleop_collect.rig.checks.page.rates import rates_section
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.result import CheckResult, Measured

COLUMNS = ("", "check", "measured", "limit", "unit", "found", "what to do")
ORDER = {"error": 0, "warning": 1, "info": 2}


def write_page(context: CheckContext, report: RigCheckReport, out: Path) -> Path:
    """Write the page, at once or not at all.

    Args:
        context: what was judged.
        report: the verdict on it.
        out: the file.

    Raises:
        DeviceError: it cannot be written.
    """
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        unfinished.write_text(document(context, report), encoding="utf-8")
        unfinished.replace(out)
    except OSError as error:
        raise DeviceError(f"cannot write the page {out}: {error.strerror}") from error
    finally:
        # On a disk mounted read-only this would hide why the page could not be written.
        with suppress(OSError):
            unfinished.unlink()
    return out


def document(context: CheckContext, report: RigCheckReport) -> str:
    """The page's HTML."""
    at = datetime.fromtimestamp(report.at_ns / NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    title = f"Rig check of {report.rig}, {at}"
    results = sorted(report.results, key=_urgency)
    body = (
        f"<h1>{badge(report.result)} {text(title)}</h1>"
        f"{table(COLUMNS, [_row(result) for result in results])}"
        f"{arms_section(context)}{cameras_section(context)}{rates_section(context)}"
        f"<h2>Identity</h2>{_identity(report)}"
    )
    return page(title, body)


def _urgency(result: CheckResult) -> tuple[bool, int]:
    return result.passed, ORDER[result.severity]


def _row(result: CheckResult) -> tuple[object, ...]:
    verdict = {"error": "fail", "warning": "review", "info": "info"}[result.severity]
    return (
        badge("pass" if result.passed else verdict),
        result.check,
        _value(result.measured),
        _value(result.limit),
        result.unit,
        result.message,
        result.todo,
    )


def _value(value: Measured) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, int | float) else value


def _identity(report: RigCheckReport) -> Html:
    hashes = {
        "rig file": report.rig_sha256,
        "robot description": report.urdf_sha256,
        "calibration": report.calibration_sha256,
    }
    return table(("what", "SHA-256"), list(hashes.items()))
