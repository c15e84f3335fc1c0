"""Check: calibrations are not old."""

from teleop_collect.clock import NS_PER_S
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen

DAY_S = 86_400.0


class CalibrationAge:
    """Time since each current calibration file was made, against `check.max_calibration_age_s`."""

    name = "calibration_age"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Judge every calibration file; the oldest counts."""
        current = {} if context.calibrations is None else context.calibrations.current
        if not current:
            todo = "calibrate with `teleop-collect calibrate`"
            return unseen(self, "no calibration files: the rig file's numbers are used", todo)
        ages = {
            f"{kind} of {device}": (context.now_ns - stored.calibration.made_ns) / NS_PER_S
            for (kind, device), stored in current.items()
        }
        limit = round(context.rig.check.max_calibration_age_s / DAY_S, 1)
        worst = round(max(ages.values()) / DAY_S, 2)
        old = [f"{n}: {age / DAY_S:.0f} days" for n, age in ages.items() if age > limit * DAY_S]
        if old:
            todo = "calibrate again with `teleop-collect calibrate`"
            return bad(self, f"old calibrations: {'; '.join(old)}", todo, worst, limit, "days")
        return good(self, f"{len(ages)} calibrations are fresh", worst, limit, "days")
