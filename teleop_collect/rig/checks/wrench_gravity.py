"""Check: the force at rest is the same in two postures, so the tool's weight is known."""

import numpy as np

from teleop_collect.errors import ConfigError, MissingExtraError
from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.motion_checks import missing
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good, unseen
from teleop_collect.rig.checks.wrench_load import unexplained_n


class WrenchGravity:
    """A sensor that still carries the tool's weight, or a wrong one, shows it when it tilts."""

    name = "wrench_gravity"
    severity: Severity = "error"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare mean forces before and after the test motion, in the sensor's frame.

        What the stored calibration explains is taken out first.
        """
        arms = [name for name, arm in context.rig.arms.items() if arm.wrench is not None]
        if not arms:
            return good(self, "the rig has no wrench sensor")
        if (result := missing(self, context)) is not None:
            return result
        try:
            changes = {n: c for n in arms if (c := _change_n(context, n)) is not None}
        except (ConfigError, MissingExtraError) as error:
            return unseen(self, str(error), "correct frame_id, or install it")
        if unheard := [f"arm '{name}'" for name in arms if name not in changes]:
            text = f"force was not seen in two postures: {', '.join(unheard)}"
            return unseen(self, text, "start the sensor; run `teleop-collect check --motion`")
        limit = context.rig.check.max_gravity_error_n
        worst = round(max(changes.values()), 3)
        off = [f"arm '{n}': {v:.2f} N" for n, v in changes.items() if not v <= limit]
        if off:
            todo = "tare the sensor with the tool mounted, or run `teleop-collect calibrate wrench`"
            message = f"force at rest changes with the posture: {'; '.join(off)}"
            return bad(self, message, todo, worst, limit, "N")
        return good(self, "force at rest does not depend on the posture", worst, limit, "N")


def _change_n(context: CheckContext, arm: str) -> float | None:
    """By how much the force at the second posture differs from the first; None without both."""
    record = context.motions[arm]
    postures = record.rest_postures()
    if len(record.forces_n) != 2 or postures is None:
        return None
    before, after = (
        unexplained_n(context, arm, force_n, joints)
        for force_n, joints in zip(record.forces_n, postures, strict=True)
    )
    return float(np.linalg.norm(after - before))
