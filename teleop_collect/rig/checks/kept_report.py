"""The last rig check result of this user on this ROS domain, for the next session.

It lies in the runtime folder, which a reboot empties: a machine that was switched off is checked
anew.
"""

import os
from contextlib import suppress
from pathlib import Path

from teleop_collect.errors import TeleopCollectError
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.runtime import runtime_dir

MAX_BYTES = 1 << 20


def keep_report(report: RigCheckReport) -> None:
    """Keep a report; one that cannot be written is not kept."""
    with suppress(OSError, TeleopCollectError):
        path = _path(report.rig)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_text(report.to_json())
        unfinished.replace(path)


def kept_report(loaded: LoadedRig) -> RigCheckReport | None:
    """The kept report of a rig as it is now, passed or not; None without one.

    A restart must not forget what failed: a stuck joint shows only when the arm moves again.
    """
    with suppress(OSError, TeleopCollectError, UnicodeDecodeError):
        with _path(loaded.rig.name).open("rb") as file:
            report = RigCheckReport.from_json(file.read(MAX_BYTES).decode())
        if report.is_of(loaded):
            return report
    return None


def _path(rig: str) -> Path:
    return runtime_dir() / f"rig_check_{rig}.json"
