"""Check: every calibration file of the rig can be used."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good


class CalibrationFiles:
    """A file that is damaged, was edited, or was made for another device is not used: say so."""

    name = "calibration_files"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Look at the files that were refused."""
        calibrations = context.calibrations
        problems = () if calibrations is None else calibrations.problems
        if problems:
            todo = "calibrate that device again, or remove the file"
            return bad(self, "; ".join(problems), todo, len(problems), 0, "files")
        count = 0 if calibrations is None else len(calibrations.current)
        return good(self, f"{count} calibration files in use", 0, 0, "files")
